// The records of a zip archive. Source: PKWARE APPNOTE.TXT 6.3, sections 4.3 (records) and 4.5.3 (zip64).
#pragma once
#include <cstdint>

namespace nnc::runtime {

/// What a record starts with.
inline constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                               kLocator64 = 0x07064b50;
inline constexpr std::uint64_t kSentinel32 = 0xFFFFFFFF;    // "the value stands in the zip64 extra field"
inline constexpr std::uint64_t kStored = 0, kDeflated = 8;  // methods of compression

}  // namespace nnc::runtime
