#include "core/dialog/dialog_table.h"

#include <vector>

#include "core/base/random_source.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::dialog {
namespace {

class DialogTableTest : public ::testing::Test, public DialogTable::Owner {
 protected:
  void OnDialogExpired(Dialog& dialog) override {
    expired_.push_back(dialog.id);
    table_.Remove(&dialog);
  }
  // A confirmed one that awaits no forks.
  Dialog* AddCall(const std::string& call_id, const std::string& remote_tag) {
    Dialog* const dialog = table_.Add();
    Begin(dialog, call_id, remote_tag);
    return dialog;
  }
  static void Begin(Dialog* dialog, const std::string& call_id, const std::string& remote_tag,
                    DialogState state = DialogState::kConfirmed) {
    dialog->call_id = call_id;
    dialog->remote_tag = remote_tag;
    dialog->state = state;
    dialog->has_call = state == DialogState::kConfirmed;
  }

  fakes::ManualEventLoop loop_;
  SeededRandomSource random_{1};
  std::vector<DialogId> expired_;
  DialogTable table_{5, &loop_, &random_, static_cast<DialogTable::Owner*>(this)};
};

TEST_F(DialogTableTest, ATagWithItsCallIdAndTheOtherTagFindsTheDialog) {
  Dialog* const dialog = AddCall("c1", "b");
  EXPECT_EQ(dialog->id.worker(), 5);
  DialogId set;
  ASSERT_TRUE(ParseTag(dialog->LocalTag(), &set));
  EXPECT_EQ(table_.Match(set, "c1", "b"), dialog);
  EXPECT_EQ(table_.Match(set, "c2", "b"), nullptr);
  EXPECT_EQ(table_.Match(set, "c1", "c"), nullptr);
  const DialogId guessed(5, dialog->id.slot(), dialog->id.value() ^ 2);
  EXPECT_EQ(table_.Match(guessed, "c1", "b"), nullptr);
  EXPECT_EQ(table_.Find(DialogId(5, 4000000, 1)), nullptr);
}

TEST_F(DialogTableTest, AReservedOneIsNoDialogYet) {
  Dialog* const first = table_.Add();
  first->awaits_forks = true;
  EXPECT_EQ(table_.Match(first->id, "", ""), nullptr);
  EXPECT_EQ(table_.FindOpenSet(first->id), first);
  table_.EndForks(first);
  EXPECT_EQ(table_.FindOpenSet(first->id), nullptr);
  table_.Remove(first);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(DialogTableTest, ForksShareTheTagAndTheConfirmedOneOutlivesTheOthers) {
  Dialog* const first = table_.Add();
  first->awaits_forks = true;
  Begin(first, "c", "early1", DialogState::kEarly);
  Dialog* const second = table_.AddFork(first);
  Begin(second, "c", "early2", DialogState::kEarly);
  Dialog* const third = table_.AddFork(first);
  Begin(third, "c", "answered");
  EXPECT_EQ(second->LocalTag(), first->LocalTag());
  EXPECT_EQ(table_.Match(first->id, "c", "early2"), second);
  const DialogId set = first->id;
  const DialogId confirmed = third->id;
  table_.EndForks(first);
  table_.Remove(first);
  EXPECT_EQ(table_.size(), 2u) << "the first one keeps the place that the tag names";
  EXPECT_EQ(table_.Match(set, "c", "early1"), nullptr);
  EXPECT_EQ(table_.Match(set, "c", "early2"), nullptr);
  EXPECT_EQ(table_.Match(set, "c", "answered"), third);
  table_.Remove(table_.Find(confirmed));
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(table_.Find(set), nullptr);
}

TEST_F(DialogTableTest, ATagHasSixteenForksAndNoMore) {
  Dialog* const first = table_.Add();
  first->awaits_forks = true;
  Begin(first, "c", "t", DialogState::kEarly);
  for (size_t i = 1; i < DialogTable::kMaxForks; ++i) {
    Dialog* const fork = table_.AddFork(first);
    ASSERT_NE(fork, nullptr);
    Begin(fork, "c", absl::StrCat("t", i), DialogState::kEarly);
  }
  EXPECT_EQ(table_.AddFork(first), nullptr);
  table_.EndForks(first);
  EXPECT_NE(table_.AddFork(first), nullptr);
}

TEST_F(DialogTableTest, ACallInWhichNothingPassesIsForgottenAfterADay) {
  Dialog* const dialog = AddCall("c", "b");
  const DialogId id = dialog->id;
  table_.Extend(dialog, loop_.Now());
  loop_.AdvanceBy(absl::Hours(23));
  table_.Extend(table_.Find(id), loop_.Now());
  loop_.AdvanceBy(DialogTable::kIdleLimit - absl::Milliseconds(1));
  EXPECT_TRUE(expired_.empty());
  loop_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_EQ(expired_, std::vector<DialogId>{id});
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(DialogTableTest, ASubscriptionLastsUntilItsEndRoundedUpToTenSeconds) {
  Dialog* const dialog = AddCall("c", "b");
  dialog->has_call = false;
  dialog->subscriptions = {{"presence", loop_.Now() + absl::Seconds(60)},
                           {"dialog", loop_.Now() + absl::Seconds(95)}};
  table_.Extend(dialog, loop_.Now());
  loop_.AdvanceBy(absl::Seconds(100) - absl::Milliseconds(1));
  EXPECT_TRUE(expired_.empty());
  loop_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_EQ(expired_.size(), 1u);
}

TEST_F(DialogTableTest, WhoOwesAnAckHas32Seconds) {
  Dialog* const dialog = AddCall("c", "b");
  dialog->owes_ack = true;
  table_.Extend(dialog, loop_.Now());
  loop_.AdvanceBy(absl::Seconds(32) - absl::Milliseconds(1));
  EXPECT_TRUE(expired_.empty());
  loop_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_EQ(expired_.size(), 1u);
}

TEST_F(DialogTableTest, AnIdIsNeverUsedAgain) {
  Dialog* dialog = AddCall("c", "b");
  const DialogId old = dialog->id;
  table_.Remove(dialog);
  for (int i = 0; i < 100; ++i) {
    dialog = AddCall("c", "b");
    EXPECT_EQ(table_.Find(old), nullptr);
    EXPECT_EQ(table_.Match(old, "c", "b"), nullptr);
    table_.Remove(dialog);
  }
}

TEST_F(DialogTableTest, IsFullAtItsLimitAndGivesAllBack) {
  for (size_t i = 0; i + 1 < DialogTable::kMaxDialogs; ++i) AddCall("c", "b");
  EXPECT_FALSE(table_.is_full());
  Dialog* const last = AddCall("c", "b");
  EXPECT_TRUE(table_.is_full());
  // What has begun still forks.
  last->awaits_forks = true;
  EXPECT_NE(table_.AddFork(last), nullptr);
  last->awaits_forks = false;
  std::vector<Dialog*> all;
  table_.ForEach([&](Dialog& dialog) { all.push_back(&dialog); });
  EXPECT_EQ(all.size(), DialogTable::kMaxDialogs + 1);
  for (auto dialog = all.rbegin(); dialog != all.rend(); ++dialog) table_.Remove(*dialog);
  EXPECT_EQ(table_.size(), 0u);
}

// Random lives: what is found is always what a plain list of what should be there says.
TEST_F(DialogTableTest, FindsExactlyTheLiveOnesWhateverComesAndGoes) {
  struct Known {
    DialogId set, id;
    std::string remote_tag;
  };
  std::vector<Known> known;
  std::vector<DialogId> open;
  for (int step = 0; step < 20000; ++step) {
    const uint64_t dice = random_.Next() % 10;
    const std::string tag = absl::StrCat("t", step);
    if (dice < 3) {
      Dialog* const first = table_.Add();
      first->awaits_forks = true;
      open.push_back(first->id);
    } else if (dice < 6 && !open.empty()) {
      Dialog* const first = table_.FindOpenSet(open[random_.Next() % open.size()]);
      ASSERT_NE(first, nullptr);
      Dialog* const made = first->state == DialogState::kReserved ? first : table_.AddFork(first);
      if (made == nullptr) continue;
      Begin(made, "c", tag);
      known.push_back({first->id, made->id, tag});
    } else if (dice < 8 && !open.empty()) {
      const size_t which = random_.Next() % open.size();
      Dialog* const first = table_.Find(open[which]);
      open.erase(open.begin() + which);
      table_.EndForks(first);
      if (first->state != DialogState::kConfirmed) table_.Remove(first);
    } else if (!known.empty()) {
      const size_t which = random_.Next() % known.size();
      table_.Remove(table_.Find(known[which].id));
      known.erase(known.begin() + which);
    }
    if (known.empty()) continue;
    const Known& any = known[random_.Next() % known.size()];
    Dialog* const found = table_.Match(any.set, "c", any.remote_tag);
    ASSERT_NE(found, nullptr) << step;
    ASSERT_EQ(found->id, any.id);
  }
  for (const DialogId id : open) {
    Dialog* const first = table_.Find(id);
    table_.EndForks(first);
    if (first->state != DialogState::kConfirmed) table_.Remove(first);
  }
  for (const Known& each : known) table_.Remove(table_.Find(each.id));
  EXPECT_EQ(table_.size(), 0u);
}

}  // namespace
}  // namespace sipcm::dialog
