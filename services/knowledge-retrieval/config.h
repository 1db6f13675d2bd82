// What the knowledge-retrieval agent can be told.
#pragma once

#include <chrono>
#include <string>

#include "common/config/reader.h"

namespace switchboard::knowledge_retrieval {

struct Config {
  std::string data_dir;
  std::string index_path;
  int passages_max = 0;
  double relevance_min = 0;
  std::chrono::milliseconds catch_up_timeout{};
  std::string embeddings_url;  // empty: no vectors
  std::string embeddings_key;
  std::string embeddings_model;
  std::chrono::milliseconds embeddings_timeout{};
  int embeddings_passages_max = 0;
  double embeddings_similarity_min = 0;

  static Config Read(config::Reader& reader);
};

}  // namespace switchboard::knowledge_retrieval
