#include "services/knowledge-retrieval/config.h"

#include "services/knowledge-retrieval/index.h"

namespace switchboard::knowledge_retrieval {

Config Config::Read(config::Reader& reader) {
  const IndexOptions defaults;
  Config config;
  config.data_dir =
      reader.String({"DATA_DIR", "Folder of stopwords.json, synonyms.json and dialogue.json."},
                    SWITCHBOARD_DATA_DIR);
  config.index_path = reader.String(
      {"INDEX_PATH",
       "File that keeps analysed documents for the next start, which then begins with them and "
       "analyses only what has changed; one process only. A damaged file is repaired or made anew. "
       "Empty: none."},
      "");
  config.passages_max = reader.Int(
      {"MAX_PASSAGES", "Passages the index takes; documents beyond are left out with a warning."},
      static_cast<int>(defaults.passages_max), 1, 10000000);
  config.relevance_min = reader.Double({"RELEVANCE_MIN",
                                        "Probability, 0 to 1, with which the best passage must "
                                        "answer, or nothing is relevant; higher: fewer needless "
                                        "passages, more questions without one."},
                                       defaults.relevance_min, 0, 1);
  config.catch_up_timeout =
      reader.Milliseconds({"CATCH_UP_TIMEOUT_MS",
                           "How long the start waits for the bucket to be indexed, milliseconds; "
                           "afterwards the agent answers "
                           "from what it has and is not ready until the rest is there."},
                          10000, 0, 600000);
  return config;
}

}  // namespace switchboard::knowledge_retrieval
