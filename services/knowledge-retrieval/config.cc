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
  config.embeddings_url = reader.String(
      {"EMBEDDINGS_URL",
       "OpenAI-compatible service that makes vectors of texts, without the final /embeddings, "
       "https://api.openai.com/v1 for one; passages and questions are sent to it. Empty: words "
       "alone decide."},
      "");
  if (!config.embeddings_url.empty() && config.embeddings_url.rfind("http://", 0) != 0 &&
      config.embeddings_url.rfind("https://", 0) != 0) {
    reader.AddError("EMBEDDINGS_URL", "must begin with http:// or https://");
  }
  config.embeddings_key = reader.String(
      {"EMBEDDINGS_KEY", "Sent to the embeddings service as a bearer token; empty: none.",
       /*secret=*/true},
      "");
  config.embeddings_model =
      reader.String({"EMBEDDINGS_MODEL", "Model that the embeddings service is asked for."},
                    "text-embedding-3-small");
  config.embeddings_timeout = reader.Milliseconds(
      {"EMBEDDINGS_TIMEOUT_MS",
       "How long a search waits for its question's vector, milliseconds; then words alone decide."},
      300, 1, 10000);
  config.embeddings_passages_max = reader.Int(
      {"EMBEDDINGS_MAX_PASSAGES",
       "Passages that get a vector, in memory 4 bytes a dimension each; those beyond are found by "
       "their words."},
      50000, 1, 1000000);
  config.embeddings_similarity_min = reader.Double(
      {"EMBEDDINGS_SIMILARITY_MIN",
       "Cosine, -1 to 1, from which the nearest passage is relevant whatever its words; models "
       "differ."},
      defaults.similarity_min, -1, 1);
  return config;
}

}  // namespace switchboard::knowledge_retrieval
