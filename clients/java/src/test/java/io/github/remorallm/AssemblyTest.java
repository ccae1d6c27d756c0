package io.github.remorallm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.github.remorallm.v1.ChatResponse;
import io.github.remorallm.v1.PartCompleted;
import io.github.remorallm.v1.ReasoningDelta;
import io.github.remorallm.v1.Role;
import io.github.remorallm.v1.TextDelta;
import io.github.remorallm.v1.ToolCallDelta;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AssemblyTest {
  private final Assembly assembly = new Assembly();

  @ParameterizedTest
  @CsvSource({"1, a", "2, a😀", "3, a😀é", "4, a😀é𝄞", "5, a😀é𝄞z", "6, a😀é𝄞z", "99, a😀é𝄞z"})
  void anOffsetCountsCodePoints(int offset, String held) {
    assembly.add(TestSidecar.text("a😀é"));
    assembly.add(TestSidecar.text("𝄞z"));
    var isVoided = assembly.add(TestSidecar.discarded(0, offset));
    assertEquals(held, assembly.text());
    assertEquals(offset < 5, isVoided);
  }

  @Test
  void offsetZeroTakesThePartAwayAndWhatIsNotThereVoidsNothing() {
    assembly.add(TestSidecar.text("one"));
    assertFalse(assembly.add(TestSidecar.discarded(7, 0)));
    assertTrue(assembly.add(TestSidecar.discarded(0, 0)));
    assertEquals("", assembly.text());
  }

  @Test
  void partsAreInTheOrderOfTheirIndex() {
    assembly.add(text(2, "three"));
    assembly.add(text(0, "one"));
    assembly.add(text(10, "four"));
    assembly.add(text(1, "two"));
    assertEquals("onetwothreefour", assembly.text());
  }

  @Test
  void aRestartVoidsTheTextAndCountsPartsFromZeroAgain() {
    assertFalse(assembly.add(TestSidecar.restarted()));
    assembly.add(text(1, "old"));
    assertTrue(assembly.add(TestSidecar.restarted()));
    assembly.add(text(0, "new"));
    assertEquals("new", assembly.text());
  }

  @Test
  void theTurnIsPutTogetherWhereTheSidecarLeavesItOut() {
    assembly.add(reasoning(0, "hm"));
    assembly.add(whole(0, "a", "signed"));
    assembly.add(text(1, "Let me see."));
    assembly.add(call(3, "c2", "time", "{"));
    assembly.add(call(2, "c1", "weather", ""));
    assembly.add(call(3, "", "", "}"));
    assembly.add(whole(4, "a", "hidden"));
    assembly.add(TestSidecar.completed());

    var message = assembly.message();
    assertEquals(Role.ROLE_ASSISTANT, message.getRole());
    assertEquals("hm", message.getParts(0).getReasoning().getText());
    assertEquals("signed", message.getParts(0).getOpaqueState().toStringUtf8());
    assertEquals("Let me see.", message.getParts(1).getText());
    assertFalse(message.getParts(1).hasIssuer());
    assertEquals("weather", message.getParts(2).getToolCall().getName());
    assertEquals("c2", message.getParts(3).getToolCall().getId());
    assertEquals("{}", message.getParts(3).getToolCall().getArgumentsJson());
    assertTrue(message.getParts(4).hasReasoning());
    assertEquals("hidden", message.getParts(4).getOpaqueState().toStringUtf8());
  }

  private static ChatResponse text(int index, String text) {
    var delta = TextDelta.newBuilder().setPartIndex(index).setText(text);
    return ChatResponse.newBuilder().setTextDelta(delta).build();
  }

  private static ChatResponse reasoning(int index, String text) {
    var delta = ReasoningDelta.newBuilder().setPartIndex(index).setText(text);
    return ChatResponse.newBuilder().setReasoningDelta(delta).build();
  }

  private static ChatResponse call(int index, String id, String name, String fragment) {
    var delta = ToolCallDelta.newBuilder().setPartIndex(index).setId(id).setName(name);
    return ChatResponse.newBuilder().setToolCallDelta(delta.setArgumentsFragment(fragment)).build();
  }

  private static ChatResponse whole(int index, String issuer, String state) {
    var part = PartCompleted.newBuilder().setPartIndex(index).setIssuer(issuer);
    part.setOpaqueState(ByteString.copyFromUtf8(state));
    return ChatResponse.newBuilder().setPartCompleted(part).build();
  }
}
