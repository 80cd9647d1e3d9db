/** The image cannot be made. The message is for the user: what happened, why, and what to do. */
export class ImageError extends Error {}
