// JPEG by libjpeg-turbo. Its errors arrive by longjmp: everything between setjmp and the last call of the library is
// free of objects with destructors.
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include "data/image_formats.h"
#include "io/failures.h"

namespace nnc::runtime {

namespace {

struct ErrorExit {
  jpeg_error_mgr manager;  // first: the library hands back a pointer to it
  std::jmp_buf target;
  char message[JMSG_LENGTH_MAX];
};

void leave(j_common_ptr info) {
  auto* const exit = reinterpret_cast<ErrorExit*>(info->err);
  info->err->format_message(info, exit->message);
  std::longjmp(exit->target, 1);
}

/// A warning is damage that the library patched up, such as a file that ends too early: an error here.
void leaveAtWarning(j_common_ptr info, int level) {
  if (level < 0) leave(info);
}

void printNothing(j_common_ptr) {}

enum class Step : std::uint8_t { Header, Pixels };

/// Reads the header; then, once `pixels` points at memory for them, the pixels. False: `exit.message`.
bool run(jpeg_decompress_struct& info, ErrorExit& exit, Step step, std::uint8_t* pixels) {
  if (setjmp(exit.target) != 0) return false;
  if (step == Step::Header) {
    jpeg_read_header(&info, TRUE);
    return true;
  }
  info.out_color_space = JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + static_cast<std::size_t>(info.output_scanline) * info.output_width * 3;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

std::optional<Image> decodeJpeg(const std::string& bytes, const std::string& path, ImagePart part, Failure& failure) {
  jpeg_decompress_struct info{};
  ErrorExit exit{};
  info.err = jpeg_std_error(&exit.manager);
  exit.manager.error_exit = leave;
  exit.manager.emit_message = leaveAtWarning;
  exit.manager.output_message = printNothing;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  Image image;
  bool isFine = run(info, exit, Step::Header, nullptr);
  if (isFine) {
    image.height = info.image_height;
    image.width = info.image_width;
    isFine = checkImageSize(image.height, image.width, path, failure);
    if (isFine && info.num_components != 1 && info.num_components != 3)
      isFine = fail(failure, path, -1, "is a JPEG image in CMYK; save it as RGB");
    if (!isFine) {
      jpeg_destroy_decompress(&info);
      return std::nullopt;
    }
    if (part == ImagePart::Header) {
      jpeg_destroy_decompress(&info);
      return image;
    }
    image.pixels.resize(static_cast<std::size_t>(image.height * image.width) * 3);
    isFine = run(info, exit, Step::Pixels, image.pixels.data());
  }
  jpeg_destroy_decompress(&info);
  if (isFine) return image;
  fail(failure, path, -1, std::string("is a damaged JPEG image: ") + exit.message);
  return std::nullopt;
}

}  // namespace nnc::runtime
