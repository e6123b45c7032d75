// A folder of images for each class, decoded and resized to u8[3, h, w]: at the beginning when all of them are held in
// memory, otherwise whenever a batch asks for one.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "diagnostics/kinds/data.h"
#include "nnc/data_path.h"
#include "nnc/files.h"
#include "nnc/image.h"
#include "support/hash.h"
#include "training/meanings.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kImage = 0;  // the field before `label`

/// By the name: something else may lie among the images, but an image that is left out silently would be missed.
enum class FileKind : std::uint8_t { Image, OtherImage, Else };
FileKind kindOf(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (extension == ".png" || extension == ".jpg" || extension == ".jpeg") return FileKind::Image;
  for (const char* const other : {".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".heic", ".jp2", ".ppm", ".pgm"})
    if (extension == other) return FileKind::OtherImage;
  return FileKind::Else;
}

/// Names that do not begin with a dot, sorted.
std::vector<fs::path> entries(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> found;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (!entry->path().filename().string().starts_with(".")) found.push_back(entry->path());
  std::sort(found.begin(), found.end());
  return found;
}

class ImageRows final : public RowSource {
 public:
  ImageRows(std::int64_t height, std::int64_t width, std::int64_t mostHeld)
      : height_(height), width_(width), mostHeld_(mostHeld) {}

  bool locate(const elaborate::ImagesSource& images, const std::string& baseDirectory, const Meanings& known,
              Diagnostics& diagnostics) {
    std::vector<std::string> tried;
    const std::optional<std::string> folder = runtime::findDataDirectory(images.folder.name, baseDirectory, tried);
    if (!folder) {
      diagnostics.emit<diag::DataFileMissing>(images.folder.span, images.folder.name)
          .note(fmt::format("looked for the folders {}", fmt::join(tried, ", ")))
          .help("put the folder beside the .nn file, or set NNC_DATA_PATH to the folder that holds it");
      return false;
    }
    DataFile& file = files_.emplace_back();
    file.path = *folder;
    file.span = images.folder.span;
    const std::optional<std::vector<std::string>> words = classWords(known, "label");
    if (words) classes_ = *words;
    if (!list(*folder, words.has_value(), diagnostics)) return false;
    file.rows = rows_ = static_cast<std::int64_t>(paths_.size());
    return true;
  }

  /// Reads every file once, so that the set is known by its bytes and a file that is missing or no image is found
  /// before the training. What is held is decoded as well.
  bool read(Diagnostics& diagnostics) override {
    if (isHeld()) pixels_.resize(static_cast<std::size_t>(rows_ * imageBytes()));
    std::uint64_t hash = 0;
    for (std::int64_t row = 0; row < rows_; ++row) {
      runtime::Failure failure;
      const std::optional<std::string> bytes = runtime::readFile(pathOf(row), failure);
      const bool isFine =
          bytes && (isHeld() ? decode(*bytes, row, &pixels_[static_cast<std::size_t>(row * imageBytes())], failure)
                             : runtime::decodeImageHeader(*bytes, pathOf(row), failure).has_value());
      if (!isFine) {
        reportBadFile(failure, files_[0].span, diagnostics);
        return false;
      }
      hash = hashBytes(*bytes, hash ^ static_cast<std::uint64_t>(labels_[static_cast<std::size_t>(row)]));
    }
    files_[0].checksum = hash;
    return true;
  }
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics& diagnostics) const override {
    if (field != kImage) {
      std::memcpy(destination, &labels_[static_cast<std::size_t>(row)], sizeof labels_[0]);
      return true;
    }
    if (isHeld()) {
      std::memcpy(destination, &pixels_[static_cast<std::size_t>(row * imageBytes())],
                  static_cast<std::size_t>(imageBytes()));
      return true;
    }
    runtime::Failure failure;
    const std::optional<std::string> bytes = runtime::readFile(pathOf(row), failure);
    if (bytes && decode(*bytes, row, reinterpret_cast<std::uint8_t*>(destination), failure)) return true;
    reportBadFile(failure, files_[0].span, diagnostics);
    return false;
  }
  std::int64_t bytes() const override { return isHeld() ? rows_ * imageBytes() : 0; }
  std::size_t fileOf(std::size_t, std::int64_t) const override { return 0; }
  Meanings meanings() const override { return {classMeaning("label", classes_)}; }

 private:
  std::int64_t imageBytes() const { return 3 * height_ * width_; }
  bool isHeld() const { return rows_ * imageBytes() <= mostHeld_; }
  const std::string& pathOf(std::int64_t row) const { return paths_[static_cast<std::size_t>(row)]; }

  /// Writes the image as the raw field has it: channel after channel.
  bool decode(const std::string& bytes, std::int64_t row, std::uint8_t* out, runtime::Failure& failure) const {
    const std::optional<runtime::Image> image = runtime::decodeImage(bytes, pathOf(row), failure);
    if (!image) return false;
    const runtime::Image small = runtime::resized(*image, height_, width_);
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t i = 0; i < small.pixels.size() / 3; ++i) *out++ = small.pixels[3 * i + c];
    return true;
  }

  /// Finds the classes, unless they are known, and the images of each.
  bool list(const std::string& folder, bool areKnown, Diagnostics& diagnostics) {
    std::error_code error;
    for (const fs::path& path : entries(folder, error)) {
      std::error_code ignored;
      if (!fs::is_directory(path, ignored)) continue;
      const std::string word = path.filename().string();
      auto found = std::find(classes_.begin(), classes_.end(), word);
      if (found == classes_.end() && areKnown) {
        reportBadFile({path.string(), -1, 0, "is no class of the data that is trained on"}, files_[0].span,
                      diagnostics);
        return false;
      }
      if (found == classes_.end()) found = classes_.insert(classes_.end(), word);
      const auto label = static_cast<std::int32_t>(found - classes_.begin());
      const std::size_t before = paths_.size();
      for (const fs::path& image : entries(path, error)) {
        const FileKind kind = kindOf(image);
        if (kind == FileKind::OtherImage) {
          reportBadFile({image.string(), -1, 0, "is an image that is neither PNG nor JPEG"}, files_[0].span,
                        diagnostics, "convert it, or move it away");
          return false;
        }
        if (kind == FileKind::Else) continue;
        paths_.push_back(image.string());
        labels_.push_back(label);
      }
      if (!error && !areKnown && paths_.size() == before) {
        reportBadFile({path.string(), -1, 0, "is the folder of a class and has no .png, .jpg or .jpeg file"},
                      files_[0].span, diagnostics);
        return false;
      }
    }
    runtime::Failure failure{folder, -1, 0, error ? "cannot list: " + error.message() : ""};
    if (!error && classes_.empty()) failure.message = "has no folder for a class";
    if (!error && !classes_.empty() && paths_.empty())
      failure.message = "has no .png, .jpg or .jpeg file in its folders";
    if (failure.message.empty()) return true;
    reportBadFile(failure, files_[0].span, diagnostics);
    return false;
  }

  std::int64_t height_, width_, mostHeld_;
  std::vector<std::string> classes_, paths_;
  std::vector<std::int32_t> labels_;
  std::vector<std::uint8_t> pixels_;  // of all images, when they are held
};

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::ImagesSource& images, const elaborate::Source& source,
                                std::span<const elaborate::Field>, const OpenOptions& options,
                                Diagnostics& diagnostics) {
  auto rows = std::make_unique<ImageRows>(images.height, images.width, options.mostHeld);
  if (!rows->locate(images, source.baseDirectory, options.known, diagnostics)) return nullptr;
  return rows;
}

}  // namespace nnc::training
