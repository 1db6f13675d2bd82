#include "services/critic-supervisor/critic/encoding.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace switchboard::critic {
namespace {

// Shorter runs are words and numbers: 16 characters of base64 hold 12 of text.
constexpr size_t kRunMin = 16;

bool IsBase64(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' || c == '-' ||
         c == '_' || c == '=';
}

// Valid UTF-8, nearly all letters and white space.
bool IsReadable(std::string_view text) {
  if (text.size() < 6 || !IsValidUtf8(text)) return false;
  size_t letters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && !absl::ascii_isspace(byte)) return false;
    letters += absl::ascii_isalpha(byte) || absl::ascii_isspace(byte) || byte >= 0x80;
  }
  return letters * 10 >= text.size() * 8;
}

bool FromBase64(std::string_view run, std::string& out) {
  while (!run.empty() && run.back() == '=') run.remove_suffix(1);
  const bool url = run.find_first_of("-_") != std::string_view::npos;
  const absl::string_view input(run.data(), run.size() - (run.size() % 4 == 1 ? 1 : 0));
  return url ? absl::WebSafeBase64Unescape(input, &out) : absl::Base64Unescape(input, &out);
}

bool FromHex(std::string_view run, std::string& out) {
  if (run.size() % 2 != 0) return false;
  if (!std::all_of(run.begin(), run.end(),
                   [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); })) {
    return false;
  }
  out = absl::HexStringToBytes(absl::string_view(run.data(), run.size()));
  return true;
}

// The whole text with %XX replaced; empty when fewer than 4 are in it.
std::string FromPercent(std::string_view text) {
  std::string out;
  size_t replaced = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() &&
        absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) &&
        absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      out += absl::HexStringToBytes(absl::string_view(text.data() + i + 1, 2));
      i += 2;
      ++replaced;
    } else {
      out.push_back(text[i]);
    }
  }
  return replaced >= 4 ? out : std::string();
}

}  // namespace

std::vector<std::string> DecodeFragments(std::string_view text, size_t count_max) {
  std::vector<std::string> found;
  for (size_t i = 0; i < text.size() && found.size() < count_max;) {
    size_t end = i;
    while (end < text.size() && IsBase64(text[end])) ++end;
    if (end - i >= kRunMin) {
      const std::string_view run = text.substr(i, end - i);
      std::string decoded;
      if ((FromHex(run, decoded) && IsReadable(decoded)) ||
          (FromBase64(run, decoded) && IsReadable(decoded))) {
        found.push_back(std::move(decoded));
      }
    }
    i = end + 1;
  }
  if (found.size() < count_max) {
    std::string decoded = FromPercent(text);
    if (IsReadable(decoded)) found.push_back(std::move(decoded));
  }
  return found;
}

std::string Rot13(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
    if (c >= 'A' && c <= 'Z') c = static_cast<char>('A' + (c - 'A' + 13) % 26);
  }
  return out;
}

std::string Reverse(std::string_view text) {
  std::vector<char32_t> points;
  points.reserve(text.size());
  for (size_t i = 0; i < text.size();) points.push_back(NextCodePoint(text, i));
  std::string out;
  out.reserve(text.size());
  for (auto point = points.rbegin(); point != points.rend(); ++point) AppendUtf8(out, *point);
  return out;
}

}  // namespace switchboard::critic
