#ifndef SIPCM_CLIENTS_CLI_CLI11_H_
#define SIPCM_CLIENTS_CLI_CLI11_H_

// The whole of CLI11: its headers need each other's definitions. For sources only.
#include <CLI/CLI.hpp>
#include <string>

namespace sipcm::cli {

// A command that groups others: one of them has to follow.
inline CLI::App& AddGroup(CLI::App& root, const std::string& name, const std::string& help) {
  CLI::App& group = *root.add_subcommand(name, help);
  group.require_subcommand(1);
  return group;
}

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_CLI11_H_
