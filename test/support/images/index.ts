export { readDockerfile, type ImageSpec } from './dockerfile.ts';
export { ImageProcess, ownerOf, UnpackedImage } from './unpacked-image.ts';
