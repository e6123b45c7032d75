// NumPy's .npy (versions 1 to 3) and .npz (zip of .npy, stored or deflated).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nnc/array.h"
#include "nnc/decoded_bytes.h"
#include "nnc/failure.h"
#include "nnc/file_bytes.h"

namespace nnc::runtime {

/// The bytes of an uncompressed .npz that numpy.load reads; names as given, each with `.npy` appended inside the zip.
std::string encodeNpz(const std::vector<NamedArray>& arrays);
std::string encodeNpy(const Array& array);
/// Errors  object dtypes (pickle), Fortran order of rank > 1, big-endian, truncated files, and bad zips are refused by
/// name.
std::optional<std::vector<NamedArray>> readNpz(const std::string& path, Failure& failure);
std::optional<Array> readNpy(const std::string& path, Failure& failure);

/// An array within bytes that outlive it.
struct ArrayView {
  Element element = Element::F32;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
};
/// The array in the bytes of a .npy file, without a copy. `path` and `base` are for messages: where `bytes` stand in
/// which file.
std::optional<ArrayView> viewNpy(std::string_view bytes, const std::string& path, std::int64_t base, Failure& failure);

/// A member of an archive: where the file is mapped, or its own decoded bytes. Needs: the archive lives.
struct MemberArray {
  ArrayView view;
  std::optional<DecodedBytes> decoded;  // of a compressed member; `view` refers to it
};

/// A .npz whose members are read one by one: stored ones stay in the mapped file. Any number of threads.
class NpzArchive {
 public:
  /// Reads the directory. Errors  no zip archive, cut or damaged records, a name twice, a member that is no .npy,
  /// encrypted, or compressed by something other than deflate.
  static std::optional<NpzArchive> open(const std::string& path, Failure& failure);

  /// Of the members, without `.npy`.
  const std::vector<std::string>& names() const { return names_; }
  /// Whether `read` decodes the member; otherwise it is where the file is mapped.
  bool isCompressed(std::size_t member) const;
  /// Element type and shape of a member; `bytes` stays empty. Its checksum is not looked at.
  std::optional<Array> header(std::size_t member, Failure& failure) const;
  /// The member, checked against its checksum. Errors  as readNpz.
  std::optional<MemberArray> read(std::size_t member, Failure& failure, std::int64_t mostHeld = kMostHeldBytes) const;

 private:
  friend class ZipDirectory;
  /// Where a member is.
  struct Place {
    std::uint64_t method = 0, data = 0, packed = 0, size = 0;
    std::uint32_t crc = 0;
  };
  NpzArchive(std::string path, FileBytes bytes) : path_(std::move(path)), bytes_(std::move(bytes)) {}

  std::string path_;
  FileBytes bytes_;
  std::vector<std::string> names_;
  std::vector<Place> places_;
};

}  // namespace nnc::runtime
