// What the analytics agent can be told.
#pragma once

#include <string>

#include "common/config/reader.h"

namespace switchboard::analytics {

struct Config {
  std::string database;
  int retention_days = 90;

  static Config Read(config::Reader& reader) {
    Config config;
    config.database = reader.String(
        {"ANALYTICS_DB",
         "SQLite file that holds transcripts and figures; created when missing. It belongs to one "
         "machine: replicas elsewhere need a file, and a consumer, of their own."},
        "./analytics.db");
    config.retention_days = reader.Int({"RETENTION_DAYS",
                                        "Days that turns and feedback are kept. Longer windows "
                                        "need more disk, about 2 KB a turn."},
                                       90, 1, 3650);
    if (config.database.empty()) reader.AddError("ANALYTICS_DB", "must name a file");
    return config;
  }
};

}  // namespace switchboard::analytics
