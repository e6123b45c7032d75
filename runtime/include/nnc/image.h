// PNG and JPEG files as pixels.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nnc/failure.h"

namespace nnc::runtime {

/// 8 bits a channel, red green blue, rows from the top: pixels[(row * width + column) * 3 + channel].
struct Image {
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};

/// Reads a PNG or JPEG file, told apart by content. Grey becomes three equal channels, 16 bits are reduced to 8, a
/// palette is looked up, and what is transparent is laid over white.
///
/// Errors  neither of the two, damaged or cut short, CMYK, more than 16,384 pixels a side or 64 million in all.
std::optional<Image> readImage(const std::string& path, Failure& failure);
/// The same from the bytes of the file `path`.
std::optional<Image> decodeImage(const std::string& bytes, const std::string& path, Failure& failure);
/// The size alone; `pixels` stays empty, and damage behind the header goes unnoticed.
std::optional<Image> decodeImageHeader(const std::string& bytes, const std::string& path, Failure& failure);

/// The image in another size; the aspect ratio is not kept. Each new pixel is the mean of the old ones under a triangle
/// of twice the width of a new pixel (bilinear interpolation when the image grows, an antialiased mean when it
/// shrinks), first along the rows, then along the columns, rounded once.
Image resized(const Image& image, std::int64_t height, std::int64_t width);

}  // namespace nnc::runtime
