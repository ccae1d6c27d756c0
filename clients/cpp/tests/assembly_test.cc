#include "assembly.h"

#include <gtest/gtest.h>

#include "remora/answer.h"
#include "scripted_sidecar.h"

using remora::detail::Assembly;
namespace v1 = remora::v1;

TEST(Assembly, JoinsPartsInTheOrderOfTheirIndex) {
  Assembly answer;
  answer.add(text_event("three", 2));
  answer.add(text_event("on", 0));
  answer.add(text_event("two", 1));
  answer.add(text_event("e", 0));
  EXPECT_EQ(answer.text(), "onetwothree");
}

TEST(Assembly, DiscardsFromACodePointOn) {
  Assembly answer;
  answer.add(text_event("a😀é"));
  answer.add(text_event("𝄞 wrong"));
  EXPECT_TRUE(answer.add(discard_event(0, 4)));
  EXPECT_EQ(answer.text(), "a😀é𝄞");
  EXPECT_FALSE(answer.add(discard_event(0, 4)));
  EXPECT_FALSE(answer.add(discard_event(0, 99)));
  EXPECT_FALSE(answer.add(discard_event(7, 0)));
  EXPECT_TRUE(answer.add(discard_event(0, 0)));
  EXPECT_EQ(answer.text(), "");
}

TEST(Assembly, ARestartVoidsTextOnlyIfThereWasSome) {
  Assembly answer;
  EXPECT_FALSE(answer.add(restart_event()));
  answer.add(text_event("wrong"));
  EXPECT_TRUE(answer.add(restart_event()));
  answer.add(text_event("right"));
  EXPECT_EQ(answer.text(), "right");
}

TEST(Assembly, ADiscardedToolCallVoidsNoText) {
  Assembly answer;
  v1::ChatResponse call;
  call.mutable_tool_call_delta()->set_part_index(1);
  call.mutable_tool_call_delta()->set_arguments_fragment("{\"a");
  answer.add(text_event("one"));
  answer.add(call);
  EXPECT_FALSE(answer.add(discard_event(1, 0)));
  answer.add(text_event("two", 1));
  EXPECT_EQ(answer.text(), "onetwo");
}

TEST(Assembly, PutsTheTurnTogetherWithItsSignatures) {
  Assembly answer;
  v1::ChatResponse event;
  event.mutable_reasoning_delta()->set_text("hm");
  answer.add(event);
  event.mutable_part_completed()->set_issuer("anthropic");
  event.mutable_part_completed()->set_opaque_state(std::string("\0s", 2));
  answer.add(event);
  answer.add(text_event("so", 1));
  event.mutable_tool_call_delta()->set_part_index(2);
  event.mutable_tool_call_delta()->set_id("c1");
  event.mutable_tool_call_delta()->set_name("f");
  event.mutable_tool_call_delta()->set_arguments_fragment("{");
  answer.add(event);
  event.mutable_tool_call_delta()->set_part_index(2);
  event.mutable_tool_call_delta()->clear_id();
  event.mutable_tool_call_delta()->clear_name();
  event.mutable_tool_call_delta()->set_arguments_fragment("}");
  answer.add(event);
  event.mutable_part_completed()->set_part_index(3);  // reasoning of which only the state is shown
  event.mutable_part_completed()->set_opaque_state("x");
  answer.add(event);
  answer.add(done_event());

  const v1::Message turn = answer.message();
  ASSERT_EQ(turn.parts_size(), 4);
  EXPECT_EQ(turn.role(), v1::ROLE_ASSISTANT);
  EXPECT_EQ(turn.parts(0).opaque_state(), std::string("\0s", 2));
  EXPECT_EQ(turn.parts(0).issuer(), "anthropic");
  EXPECT_EQ(remora::reasoning(turn), "hm");
  EXPECT_EQ(remora::text(turn), "so");
  EXPECT_FALSE(turn.parts(1).has_opaque_state());
  ASSERT_EQ(remora::tool_calls(turn).size(), 1U);
  EXPECT_EQ(remora::tool_calls(turn)[0].id(), "c1");
  EXPECT_EQ(remora::tool_calls(turn)[0].arguments_json(), "{}");
  EXPECT_TRUE(turn.parts(3).has_reasoning());
}

TEST(Assembly, PrefersTheSidecarsOwnTurn) {
  Assembly answer;
  answer.add(text_event("pieces"));
  v1::ChatResponse done = done_event();
  *done.mutable_completed()->mutable_message() = remora::assistant_message("whole");
  answer.add(done);
  EXPECT_EQ(remora::text(answer.message()), "whole");
}
