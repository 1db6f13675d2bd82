// Cuts a Markdown document into passages of plain text, the unit that is searched and cited.
//
//   for (const Chunk& chunk : SplitMarkdown("# Returns\n\n## How long?\n\nYou have **30 days**."))
//     // {section "How long?", text "You have 30 days."}
//
// A passage never crosses a heading and is at most kChunkCharactersMax code points; longer sections
// are cut between paragraphs, list items or, failing that, sentences.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchboard::knowledge_retrieval {

// Passage.text: "at most about 1,200 characters". Below the minimum, a piece joins its neighbour in
// the same section.
inline constexpr size_t kChunkCharactersMax = 1200;
inline constexpr size_t kChunkCharactersMin = 300;

struct Chunk {
  // The nearest heading above; empty under the document's own title.
  std::string section;
  // The headings above that one, for the index only.
  std::string parents;
  std::string text;
};

// At most `chunks_max` chunks; the rest of the document is left out.
std::vector<Chunk> SplitMarkdown(std::string_view markdown, size_t chunks_max);

// Text of one line or paragraph without Markdown's marks: emphasis, code, links, images, HTML tags.
std::string StripInline(std::string_view markdown);

}  // namespace switchboard::knowledge_retrieval
