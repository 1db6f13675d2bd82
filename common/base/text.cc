#include "common/base/text.h"

namespace switchboard {
namespace {

struct Decoded {
  char32_t code_point;
  size_t length;  // 0: malformed
};

Decoded Decode(std::string_view text, size_t position) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[position + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || position + length > text.size()) return {0, 0};
  char32_t code_point = first & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0, 0};
    code_point = (code_point << 6) | (byte(i) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < kSmallest[length] || code_point > 0x10ffff || surrogate) return {0, 0};
  return {code_point, length};
}

char32_t LowerCodePoint(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + 32;
  if (c < 0xc0) return c;
  if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
  if (c == 0x178) return 0xff;
  if (c >= 0x100 && c <= 0x137) return c | 1;
  if (c >= 0x139 && c <= 0x148) return (c & 1) ? c + 1 : c;
  if (c >= 0x14a && c <= 0x177) return c | 1;
  if (c >= 0x179 && c <= 0x17e) return (c & 1) ? c + 1 : c;
  if (c >= 0x391 && c <= 0x3a9) return c + 32;
  if (c >= 0x410 && c <= 0x42f) return c + 32;
  if (c >= 0x400 && c <= 0x40f) return c + 80;
  return c;
}

// The ASCII letters of a lower-case Latin letter with an accent; empty for any other code point.
std::string_view BaseLetters(char32_t c) {
  if (c >= 0xe0 && c <= 0xff) {
    static constexpr std::string_view kLatin1[] = {
        "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",
        "d", "n", "o", "o", "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y"};
    return kLatin1[c - 0xe0];
  }
  if (c == 0xdf) return "ss";
  if (c == 0x153) return "oe";
  if (c >= 0x100 && c <= 0x17f) {
    static constexpr std::string_view kExtended =
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrr"
        "ss"
        "ssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
    return kExtended.substr(c - 0x100, 1);
  }
  return {};
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const Decoded decoded = Decode(text, i);
    if (decoded.length == 0) return false;
    i += decoded.length;
  }
  return true;
}

size_t CountCodePoints(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string Truncate(std::string_view text, size_t code_points_max) {
  size_t count = 0;
  size_t cut = 0;
  for (size_t i = 0; i < text.size();) {
    if (count + 1 == code_points_max) cut = i;
    if (count == code_points_max) return std::string(text.substr(0, cut)) + "…";
    NextCodePoint(text, i);
    ++count;
  }
  return std::string(text);
}

char32_t NextCodePoint(std::string_view text, size_t& position) {
  const Decoded decoded = Decode(text, position);
  position += decoded.length == 0 ? 1 : decoded.length;
  return decoded.length == 0 ? U'\uFFFD' : decoded.code_point;
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | (c >> 18)));
    out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

std::string ToLower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) AppendUtf8(out, LowerCodePoint(NextCodePoint(text, i)));
  return out;
}

std::string FoldAccents(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const char32_t c = LowerCodePoint(NextCodePoint(text, i));
    if (c >= 0x300 && c <= 0x36f) continue;  // a combining accent of its own
    if (const std::string_view letters = BaseLetters(c); !letters.empty()) {
      out.append(letters);
    } else {
      AppendUtf8(out, c);
    }
  }
  return out;
}

}  // namespace switchboard
