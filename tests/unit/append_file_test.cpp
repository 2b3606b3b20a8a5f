#include "runtime/host/append_file.h"

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "runtime/host/join_log.h"
#include "tests/host_fixture.h"

using namespace rel;
using rel::test::TempFolder;

namespace {

// The disk of this process is full behind so many bytes of a file.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit less{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &less);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

}  // namespace

TEST_CASE("a batch that does not fit leaves nothing of itself, and the next one follows the last") {
  const TempFolder folder;
  const std::string path = folder.file("log");
  auto file = AppendFile::open(path, AppendTo::a_new_file);
  REQUIRE(file);
  {
    const FileSizeLimit full(100);
    REQUIRE(file->append(std::string(60, 'a')));
    const Status refused = file->append(std::string(60, 'b'));  // 40 of it are written first
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find(path) != std::string::npos);
    CHECK(refused.error().message.find("Success") == std::string::npos);
    CHECK(file->size() == 60);
  }
  CHECK(read_whole(path).value() == std::string(60, 'a'));
  REQUIRE(file->append("c"));
  CHECK(read_whole(path).value() == std::string(60, 'a') + "c");
}

TEST_CASE("a file goes on behind what is whole in it; a new one must not be there yet") {
  const TempFolder folder;
  const std::string path = folder.file("log");
  std::ofstream(path) << "whole, cut";
  auto file = AppendFile::open(path, AppendTo::whatever_is_there, 6);
  REQUIRE(file);
  REQUIRE(file->append(" again"));
  CHECK(read_whole(path).value() == "whole, again");
  CHECK_FALSE(AppendFile::open(path, AppendTo::a_new_file));
  CHECK(read_whole(folder.file("nothing")).value().empty());
}

TEST_CASE("names that are none of a join log are left alone, a folder not there is said") {
  const TempFolder folder;
  const std::string foreign = folder.file("joins-1-99999999999999999999999999.log");
  std::ofstream(foreign) << "somebody else's";
  std::string before;
  REQUIRE(JoinLog::open(folder.path(), 1, before));
  CHECK(before.empty());
  CHECK(read_whole(foreign).value() == "somebody else's");
  const auto nowhere = JoinLog::open(folder.file("nowhere"), 1, before);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message.find("nowhere") != std::string::npos);
}
