import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import type { Image } from "../types.ts";

const megapixelLimit = 64;
/** jpeg-js does not mind when it is missing, and fills the rest with grey. */
const endOfJpeg = Buffer.of(0xff, 0xd9);

/**
 * Decodes a PNG or JPEG file. Grey pictures have one channel, PNG with an alpha channel four, all others three; 16 bits
 * become 8. Throws an Error that says what is wrong with the bytes.
 */
export function decodeImage(bytes: Buffer): Image {
  const decode = decoderOf(bytes);
  if (!decode) throw new Error("neither PNG nor JPEG");
  try {
    return decode(bytes);
  } catch (error) {
    // The decoders trust the bytes, and stumble where these make no sense.
    if (error instanceof TypeError || error instanceof RangeError) throw new Error("its data is damaged");
    throw error;
  }
}

function decoderOf(bytes: Buffer): ((bytes: Buffer) => Image) | undefined {
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0x89504e47) return decodePng;
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === 0xffd8) return decodeJpeg;
  return undefined;
}

function decodePng(bytes: Buffer): Image {
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width * height > megapixelLimit * 1e6) throw new Error(`more than ${megapixelLimit} megapixels`);
  const colorType = bytes.readUInt8(25);
  const channels = colorType === 0 ? 1 : (colorType & 4) !== 0 ? 4 : 3;
  return fromRgba(PNG.sync.read(bytes).data, 4, [height, width, channels]);
}

function decodeJpeg(bytes: Buffer): Image {
  if (!bytes.includes(endOfJpeg)) throw new Error("the end of the JPEG data is missing");
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    maxResolutionInMP: megapixelLimit,
  });
  return fromRgba(data, 3, [height, width, jpegComponents(bytes) === 1 ? 1 : 3]);
}

/** Keeps the first of the `stored` channels of each pixel. */
function fromRgba(data: Uint8Array, stored: number, shape: Image["shape"]): Image {
  const channels = shape[2];
  if (channels === stored) return { shape, pixels: new Uint8Array(data) };
  const pixels = new Uint8Array((data.length / stored) * channels);
  for (let from = 0, to = 0; from < data.length; from += stored) {
    for (let channel = 0; channel < channels; channel++) pixels[to++] = data[from + channel]!;
  }
  return { shape, pixels };
}

/** How many components a decoded picture had, which jpeg-js does not tell: it stands in the frame header. */
function jpegComponents(bytes: Buffer): number {
  let position = 2;
  for (;;) {
    const marker = bytes.readUInt16BE(position);
    const isFrameHeader = marker >= 0xffc0 && marker <= 0xffc2;
    if (isFrameHeader) return bytes.readUInt8(position + 9);
    position += marker === 0xffff ? 1 : 2 + bytes.readUInt16BE(position + 2);
  }
}
