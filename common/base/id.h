// Identifiers: UUIDv7 for what is new (they sort by time), name-based UUIDs for what must be the
// same every time it is derived.
#pragma once

#include <string>
#include <string_view>

namespace switchboard {

// RFC 9562 version 7: 48 bits of Unix milliseconds, 74 random bits. Thread-safe.
std::string NewUuid();

// RFC 9562 version 8: the first 122 bits of SHA-256(scope, '\0', name). The same input gives the
// same id on every replica.
std::string NamedUuid(std::string_view scope, std::string_view name);

// Lower-case hexadecimal SHA-256.
std::string Sha256Hex(std::string_view data);

// 8-4-4-4-12 lower-case hexadecimal digits.
bool IsUuid(std::string_view text);

// `bytes` random bytes as lower-case hexadecimal, from the operating system's generator. At
// most 32.
std::string RandomHex(int bytes);

}  // namespace switchboard
