// PNG by libpng's simplified interface, which neither throws nor jumps nor prints.
#include <png.h>

#include <cstring>

#include "data/image_formats.h"
#include "io/failures.h"

namespace nnc::runtime {

std::optional<Image> decodePng(const std::string& bytes, const std::string& path, ImagePart part, Failure& failure) {
  png_image png;
  std::memset(&png, 0, sizeof png);
  png.version = PNG_IMAGE_VERSION;
  const auto damaged = [&] {
    fail(failure, path, -1, std::string("is a damaged PNG image: ") + png.message);
    png_image_free(&png);
    return std::nullopt;
  };
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) return damaged();
  if (!checkImageSize(png.height, png.width, path, failure)) {
    png_image_free(&png);
    return std::nullopt;
  }
  if (part == ImagePart::Header) {
    png_image_free(&png);
    return Image{png.height, png.width, {}};
  }
  png.format = PNG_FORMAT_RGBA;
  std::vector<std::byte> rgba;
  if (!resize(rgba, static_cast<std::int64_t>(PNG_IMAGE_SIZE(png)))) {
    fail(failure, path, -1, "does not fit into memory");
    png_image_free(&png);
    return std::nullopt;
  }
  // With a warning (a wrong checksum of a chunk that libpng can do without) the pixels are not to be trusted either.
  if (png_image_finish_read(&png, nullptr, rgba.data(), 0, nullptr) == 0 || PNG_IMAGE_FAILED(png)) return damaged();
  Image image{png.height, png.width, {}};
  image.pixels.resize(rgba.size() / 4 * 3);
  for (std::size_t i = 0; i < rgba.size() / 4; ++i) {
    const auto alpha = static_cast<unsigned>(rgba[4 * i + 3]);
    for (std::size_t c = 0; c < 3; ++c) {
      const auto value = static_cast<unsigned>(rgba[4 * i + c]);
      image.pixels[3 * i + c] = static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  return image;
}

}  // namespace nnc::runtime
