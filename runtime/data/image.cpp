#include "nnc/image.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "data/image_formats.h"
#include "io/failures.h"
#include "nnc/files.h"

namespace nnc::runtime {

bool checkImageSize(std::int64_t height, std::int64_t width, const std::string& path, Failure& failure) {
  constexpr std::int64_t kMaxSide = 16'384, kMaxPixels = 64'000'000;
  if (height >= 1 && width >= 1 && height <= kMaxSide && width <= kMaxSide && height * width <= kMaxPixels) return true;
  return fail(failure, path, -1,
              "is an image of " + std::to_string(width) + " x " + std::to_string(height) +
                  " pixels; 16384 a side and 64 million in all are read");
}

static std::optional<Image> decode(const std::string& bytes, const std::string& path, ImagePart part,
                                   Failure& failure) {
  constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n", kJpeg = "\xFF\xD8\xFF";
  if (std::string_view(bytes).starts_with(kPng)) return decodePng(bytes, path, part, failure);
  if (std::string_view(bytes).starts_with(kJpeg)) return decodeJpeg(bytes, path, part, failure);
  fail(failure, path, 0, "is neither a PNG nor a JPEG image");
  return std::nullopt;
}

std::optional<Image> decodeImage(const std::string& bytes, const std::string& path, Failure& failure) {
  return decode(bytes, path, ImagePart::All, failure);
}

std::optional<Image> decodeImageHeader(const std::string& bytes, const std::string& path, Failure& failure) {
  return decode(bytes, path, ImagePart::Header, failure);
}

std::optional<Image> readImage(const std::string& path, Failure& failure) {
  const std::optional<std::string> bytes = readFile(path, failure);
  if (!bytes) return std::nullopt;
  return decodeImage(*bytes, path, failure);
}

namespace {

/// What one new pixel is made of: old pixels from `first` on, with weights that sum to 1.
struct Taps {
  std::int64_t first = 0;
  std::vector<float> weights;
};

std::vector<Taps> triangle(std::int64_t from, std::int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), reach = std::max(scale, 1.0);
  std::vector<Taps> all(static_cast<std::size_t>(to));
  for (std::int64_t i = 0; i < to; ++i) {
    Taps& taps = all[static_cast<std::size_t>(i)];
    const double center = (static_cast<double>(i) + 0.5) * scale;
    taps.first = std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(center - reach)), 0);
    const std::int64_t end = std::min<std::int64_t>(static_cast<std::int64_t>(std::ceil(center + reach)), from);
    std::vector<double> weights;
    double total = 0.0;
    for (std::int64_t k = taps.first; k < end; ++k) {
      weights.push_back(std::max(0.0, 1.0 - std::abs(static_cast<double>(k) + 0.5 - center) / reach));
      total += weights.back();
    }
    for (const double weight : weights) taps.weights.push_back(static_cast<float>(weight / total));
  }
  return all;
}

}  // namespace

Image resized(const Image& image, std::int64_t height, std::int64_t width) {
  if (image.height == height && image.width == width) return image;
  constexpr std::int64_t kChannels = 3;
  const std::vector<Taps> columns = triangle(image.width, width), rows = triangle(image.height, height);
  std::vector<float> wide(static_cast<std::size_t>(image.height * width * kChannels), 0.0F);
  for (std::int64_t y = 0; y < image.height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const Taps& taps = columns[static_cast<std::size_t>(x)];
      float* const out = &wide[static_cast<std::size_t>((y * width + x) * kChannels)];
      const std::uint8_t* in = &image.pixels[static_cast<std::size_t>((y * image.width + taps.first) * kChannels)];
      for (const float weight : taps.weights)
        for (std::int64_t c = 0; c < kChannels; ++c) out[c] += weight * static_cast<float>(*in++);
    }
  }
  Image result{height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * kChannels))};
  const std::int64_t rowSize = width * kChannels;
  std::vector<float> sums(static_cast<std::size_t>(rowSize));
  for (std::int64_t y = 0; y < height; ++y) {
    const Taps& taps = rows[static_cast<std::size_t>(y)];
    std::fill(sums.begin(), sums.end(), 0.0F);
    for (std::size_t k = 0; k < taps.weights.size(); ++k) {
      const float* const in = &wide[static_cast<std::size_t>((taps.first + static_cast<std::int64_t>(k)) * rowSize)];
      for (std::int64_t i = 0; i < rowSize; ++i) sums[static_cast<std::size_t>(i)] += taps.weights[k] * in[i];
    }
    for (std::int64_t i = 0; i < rowSize; ++i)
      result.pixels[static_cast<std::size_t>(y * rowSize + i)] =
          static_cast<std::uint8_t>(std::clamp(std::lround(sums[static_cast<std::size_t>(i)]), 0L, 255L));
  }
  return result;
}

}  // namespace nnc::runtime
