// The decoders behind readImage.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "nnc/image.h"

namespace nnc::runtime {

enum class ImagePart : std::uint8_t { Header, All };  // a header alone gives an image without pixels

std::optional<Image> decodePng(const std::string& bytes, const std::string& path, ImagePart part, Failure& failure);
std::optional<Image> decodeJpeg(const std::string& bytes, const std::string& path, ImagePart part, Failure& failure);
/// The limits of docs/language.md; checked before memory for the pixels is taken.
bool checkImageSize(std::int64_t height, std::int64_t width, const std::string& path, Failure& failure);

}  // namespace nnc::runtime
