#include "common/base/id.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <chrono>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "common/base/strings.h"

namespace switchboard {
namespace {

std::string Hex(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(bytes), size});
}

std::string FormatUuid(std::array<unsigned char, 16> bytes, int version) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = Hex(bytes.data(), bytes.size());
  const std::string_view h = hex;
  return StrCat(h.substr(0, 8), "-", h.substr(8, 4), "-", h.substr(12, 4), "-", h.substr(16, 4),
                "-", h.substr(20));
}

std::array<unsigned char, SHA256_DIGEST_LENGTH> Sha256(std::string_view data) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data());
  return digest;
}

}  // namespace

std::string NewUuid() {
  std::array<unsigned char, 16> bytes;
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  const auto now_ms = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                                std::chrono::system_clock::now().time_since_epoch())
                                                .count());
  for (size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(now_ms >> (8 * (5 - i)));
  return FormatUuid(bytes, 7);
}

std::string NamedUuid(std::string_view scope, std::string_view name) {
  std::string input(scope);
  input.push_back('\0');
  input.append(name);
  const auto digest = Sha256(input);
  std::array<unsigned char, 16> bytes;
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return FormatUuid(bytes, 8);
}

std::string Sha256Hex(std::string_view data) {
  const auto digest = Sha256(data);
  return Hex(digest.data(), digest.size());
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-'
             : !(absl::ascii_isdigit(text[i]) || (text[i] >= 'a' && text[i] <= 'f'))) {
      return false;
    }
  }
  return true;
}

std::string RandomHex(int bytes) {
  std::array<unsigned char, 32> buffer;
  const auto size = static_cast<size_t>(bytes);
  RAND_bytes(buffer.data(), bytes);
  return Hex(buffer.data(), size);
}

}  // namespace switchboard
