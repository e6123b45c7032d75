// Zip archives with deflated members, which the product reads and does not write.
#pragma once
#include <zlib.h>

#include <string>
#include <utility>
#include <vector>

namespace nnc::runtime {

/// Members are (name, content).
inline std::string deflatedZip(const std::vector<std::pair<std::string, std::string>>& members) {
  const auto number = [](std::size_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(value & 0xFF);
    return text;
  };
  std::string out, directory;
  for (const auto& [name, content] : members) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, content.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<unsigned>(content.size());
    stream.next_out = reinterpret_cast<unsigned char*>(packed.data());
    stream.avail_out = static_cast<unsigned>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(content.data());
    const std::string common = number(20, 2) + number(0, 2) + number(8, 2) + number(0, 4) +
                               number(crc32_z(0, bytes, content.size()), 4) + number(packed.size(), 4) +
                               number(content.size(), 4) + number(name.size(), 2) + number(0, 2);
    directory += number(0x02014b50, 4) + number(20, 2) + common + number(0, 10) + number(out.size(), 4) + name;
    out += number(0x04034b50, 4) + common + name + packed;
  }
  const std::string end = number(0x06054b50, 4) + number(0, 4) + number(members.size(), 2) + number(members.size(), 2) +
                          number(directory.size(), 4) + number(out.size(), 4) + number(0, 2);
  return out + directory + end;
}

}  // namespace nnc::runtime
