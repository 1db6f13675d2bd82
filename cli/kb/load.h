// `switchboard kb load` and `kb put`: files into the knowledge bucket, which every replica of
// knowledge-retrieval indexes.
#pragma once

#include "cli/command.h"

namespace switchboard::cli::kb {

Command LoadCommand();
Command PutCommand();

// The bucket that `switchboard kb` writes and knowledge-retrieval reads.
inline constexpr char kBucket[] = "knowledge";

}  // namespace switchboard::cli::kb
