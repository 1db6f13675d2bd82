// What a person reads: the API's description and its pages, whole in the executable.
#pragma once

#include <string>
#include <string_view>

namespace switchboard::gateway {

// OpenAPI 3.1 (gateway/pages/openapi.json).
std::string_view OpenApiJson();
// HTML rendered from OpenApiJson(), once; needs nothing from elsewhere and no script.
const std::string& DocsPage();
// HTML of all kinds of problems, one anchor each.
const std::string& ErrorsPage();

}  // namespace switchboard::gateway
