# cmake -D INPUT=file -D OUTPUT=file.cc -D NAME=kName -P embed.cmake
# Writes a text file as `const std::string_view kName` of namespace switchboard::gateway.
file(READ ${INPUT} text HEX)
file(SIZE ${INPUT} size)
string(REGEX REPLACE "(................................................)" "\\1\n" text "${text}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" text "${text}")
string(REPLACE "\n" "\"\n    \"" text "${text}")
file(WRITE ${OUTPUT} "#include <string_view>

namespace switchboard::gateway {
extern const std::string_view ${NAME};
const std::string_view ${NAME}(
    \"${text}\",
    ${size});
}  // namespace switchboard::gateway
")
