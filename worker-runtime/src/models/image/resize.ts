import type { Image } from "../../data/types.ts";

type Shape = Image["shape"];

/**
 * The picture at another height and width, and with another number of channels. Each new pixel is the mean of the old
 * ones that it covers, in part where it covers them in part (box filter): it neither skips nor blurs anything.
 */
export function resize(image: Image, shape: Shape): Image {
  const [height, width, channels] = shape;
  const { pixels, shape: before } = withChannels(image, channels);
  if (before[0] === height && before[1] === width) return { pixels, shape };
  const rows = coverage(before[0], height);
  const columns = coverage(before[1], width);
  const resized = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (const row of rows[y]!) {
          for (const column of columns[x]!) {
            sum += pixels[(row.from * before[1] + column.from) * channels + channel]! * row.share * column.share;
          }
        }
        resized[(y * width + x) * channels + channel] = Math.round(sum);
      }
    }
  }
  return { pixels: resized, shape };
}

/** For each of `after` places along one side: the old places that it covers, and their shares, which add up to 1. */
function coverage(before: number, after: number): { from: number; share: number }[][] {
  const scale = before / after;
  return Array.from({ length: after }, (_, place) => {
    const [start, end] = [place * scale, (place + 1) * scale];
    const covered: { from: number; share: number }[] = [];
    for (let from = Math.floor(start); from < Math.min(before, end); from++) {
      covered.push({ from, share: (Math.min(end, from + 1) - Math.max(start, from)) / scale });
    }
    return covered;
  });
}

/** Colour becomes grey by its luminance (ITU-R BT.601), grey becomes equal colours, a new alpha is opaque, an old one is left out. */
function withChannels(image: Image, channels: number): Image {
  const [height, width, before] = image.shape;
  if (before === channels) return image;
  const pixels = new Uint8Array(height * width * channels);
  for (let i = 0; i < height * width; i++) {
    const at = (channel: number) => image.pixels[i * before + channel]!;
    const isGrey = before < 3;
    for (let channel = 0; channel < channels; channel++) {
      const grey = isGrey ? at(0) : Math.round(0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2));
      const colour = isGrey ? at(0) : at(Math.min(channel, 2));
      pixels[i * channels + channel] = channel === 3 ? 255 : channels < 3 ? grey : colour;
    }
  }
  return { pixels, shape: [height, width, channels] };
}
