// Writes the peers of PeerShapes: one chain per file.
//   make_peer_shapes DIRECTORY
// makes DIRECTORY/root.pem (trust it), partner.pem, crls.pem and peers/NAME.pem, and prints the
// names.

#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/pki/peer_shapes.h"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY\n", arguments[0]);
    return 2;
  }
  const std::string folder = arguments[1];
  mkdir((folder + "/peers").c_str(), 0777);
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder + "/" + name) << text;
  };
  const sipcm::pki::PeerShapes shapes;
  write("root.pem", shapes.root().certificate_pem());
  write("partner.pem", shapes.partner().certificate_pem());
  write("crls.pem", shapes.crls_pem());
  for (const sipcm::pki::PeerShape& shape : shapes.all()) {
    write("peers/" + shape.name + ".pem", shape.chain_pem);
    std::printf("%s\n", shape.name.c_str());
  }
  return 0;
}
