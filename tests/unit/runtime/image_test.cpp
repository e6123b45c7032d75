// Images: colours, transparency, sizes, and files that are damaged or lie about their size.
#include "nnc/image.h"

#include "images.h"
#include "scratch.h"

namespace nnc::runtime {
namespace {

using Pixels = std::vector<std::uint8_t>;

std::optional<Image> readBytes(const Scratch& scratch, const std::string& bytes, Failure& failure) {
  return readImage(scratch.write("image", bytes), failure);
}
Pixels pixelsOf(const Scratch& scratch, const std::string& bytes) {
  Failure failure;
  const std::optional<Image> image = readBytes(scratch, bytes, failure);
  EXPECT_TRUE(image) << failure.message;
  return image ? image->pixels : Pixels();
}

TEST(Image, png_keeps_every_pixel) {
  const Scratch scratch;
  const Pixels rgb = {255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  Failure failure;
  const auto image = readBytes(scratch, encodePng(3, 2, PNG_FORMAT_RGB, rgb.data()), failure);
  ASSERT_TRUE(image) << failure.message;
  EXPECT_EQ(image->width, 3);
  EXPECT_EQ(image->height, 2);
  EXPECT_EQ(image->pixels, rgb);
}

TEST(Image, grey_becomes_three_channels_and_transparency_lies_over_white) {
  const Scratch scratch;
  const Pixels grey = {7, 200};
  EXPECT_EQ(pixelsOf(scratch, encodePng(2, 1, PNG_FORMAT_GRAY, grey.data())), (Pixels{7, 7, 7, 200, 200, 200}));
  const Pixels rgba = {10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51};
  // The last one: 51 / 255 is a fifth, and four fifths of white are 204.
  EXPECT_EQ(pixelsOf(scratch, encodePng(3, 1, PNG_FORMAT_RGBA, rgba.data())),
            (Pixels{10, 20, 30, 255, 255, 255, 204, 224, 255}));
}

TEST(Image, jpeg_is_close_in_colour_and_grey) {
  const Scratch scratch;
  const Pixels rgb(16 * 16 * 3, 90), grey(16 * 16, 130);
  // A constant block survives the transform; the conversion to YCbCr and back rounds twice.
  for (const std::uint8_t value : pixelsOf(scratch, encodeJpeg(16, 16, 3, rgb.data()))) EXPECT_NEAR(value, 90, 2);
  for (const std::uint8_t value : pixelsOf(scratch, encodeJpeg(16, 16, 1, grey.data()))) EXPECT_NEAR(value, 130, 1);
  const Pixels cmyk(16 * 16 * 4, 90);
  Failure failure;
  EXPECT_FALSE(readBytes(scratch, encodeJpeg(16, 16, 4, cmyk.data()), failure));
  EXPECT_EQ(failure.message, "is a JPEG image in CMYK; save it as RGB");
}

TEST(Image, what_is_no_image_is_refused) {
  const Scratch scratch;
  Failure failure;
  EXPECT_FALSE(readBytes(scratch, "GIF89a", failure));
  EXPECT_EQ(failure.message, "is neither a PNG nor a JPEG image");
  EXPECT_FALSE(readBytes(scratch, "", failure));
  EXPECT_FALSE(readImage(scratch.path("absent.png"), failure));
}

/// The bytes of a PNG whose header claims another size, with a checksum that fits.
std::string withSize(std::string png, std::uint32_t width, std::uint32_t height) {
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) png[at + i] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  put(29, static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const unsigned char*>(png.data()) + 12, 17)));
  return png;
}

TEST(Image, a_huge_claim_takes_no_memory) {
  const Scratch scratch;
  const Pixels rgb(12, 1);
  const std::string png = encodePng(2, 2, PNG_FORMAT_RGB, rgb.data());
  Failure failure;
  EXPECT_FALSE(readBytes(scratch, withSize(png, 16'385, 1), failure));
  EXPECT_EQ(failure.message, "is an image of 16385 x 1 pixels; 16384 a side and 64 million in all are read");
  EXPECT_FALSE(readBytes(scratch, withSize(png, 16'000, 16'000), failure));
  EXPECT_EQ(failure.message, "is an image of 16000 x 16000 pixels; 16384 a side and 64 million in all are read");
  EXPECT_FALSE(readBytes(scratch, withSize(png, 0x7FFFFFFF, 0x7FFFFFFF), failure));
}

TEST(Image, any_damage_gives_an_image_or_a_message) {
  const Scratch scratch;
  const std::string random = randomBytes(12 * 9 * 3, 4);
  const auto* const pixels = reinterpret_cast<const std::uint8_t*>(random.data());
  for (const std::string& bytes : {encodePng(12, 9, PNG_FORMAT_RGB, pixels), encodeJpeg(12, 9, 3, pixels)}) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Failure failure;
      const auto image = readBytes(scratch, bytes.substr(0, size), failure);
      EXPECT_TRUE(image.has_value() != !failure.message.empty()) << size;
      // All but the last few bytes (the end marker, a checksum) hold something that is needed.
      if (size + 12 < bytes.size()) {
        EXPECT_FALSE(image) << size << " of " << bytes.size();
      }
    }
    forFlips(bytes, 1000, 6, [&](const std::string& changed) {
      Failure failure;
      const auto image = readBytes(scratch, changed, failure);
      if (image) {
        EXPECT_EQ(image->pixels.size(), static_cast<std::size_t>(image->width * image->height * 3));
      } else {
        EXPECT_FALSE(failure.message.empty());
      }
    });
  }
}

Pixels reds(const Image& image) {
  Pixels result;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) result.push_back(image.pixels[i]);
  return result;
}
Image greyRow(const Pixels& values) {
  Image image{1, static_cast<std::int64_t>(values.size()), {}};
  for (const std::uint8_t value : values) image.pixels.insert(image.pixels.end(), 3, value);
  return image;
}

TEST(Image, resizing_by_the_triangle_filter) {
  // Half the size: the triangle of a new pixel reaches 2 old ones to each side of its middle, at 1 and at 3. Old pixels
  // lie at 0.5, 1.5, ..: weights 0.75, 0.75, 0.25 of 1.75.
  EXPECT_EQ(reds(resized(greyRow({0, 70, 140, 0}), 1, 2)), (Pixels{50, 70}));
  // Twice the size: bilinear interpolation, a quarter from the edge of an old pixel.
  EXPECT_EQ(reds(resized(greyRow({0, 200}), 1, 4)), (Pixels{0, 50, 150, 200}));
  EXPECT_EQ(reds(resized(greyRow({5, 9}), 3, 2)), (Pixels{5, 9, 5, 9, 5, 9}));
  for (const auto& [height, width] : {std::pair<int, int>{1, 1}, {7, 3}, {40, 50}}) {
    const Image image = resized(Image{9, 11, Pixels(9 * 11 * 3, 77)}, height, width);
    EXPECT_EQ(image.pixels, Pixels(static_cast<std::size_t>(height * width * 3), 77));
  }
}

}  // namespace
}  // namespace nnc::runtime
