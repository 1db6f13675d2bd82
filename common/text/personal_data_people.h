// The kinds of personal data that have no form of their own and are found by what introduces them:
// names, passwords, postal addresses. Used by personal_data.h.
#pragma once

#include <string_view>
#include <vector>

#include "common/text/personal_data.h"

namespace switchboard::text {

// In order of their place; spans do not overlap. English, French, Spanish and German. Linear in the
// text.
std::vector<PersonalDataSpan> FindIntroduced(std::string_view text);

}  // namespace switchboard::text
