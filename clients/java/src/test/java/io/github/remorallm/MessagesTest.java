package io.github.remorallm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.remorallm.v1.CompleteResponse;
import io.github.remorallm.v1.EmbedResponse;
import io.github.remorallm.v1.Embedding;
import io.github.remorallm.v1.ResponseFormat;
import io.github.remorallm.v1.Role;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessagesTest {
  @ParameterizedTest
  @CsvSource({
    "\u0089PNG...., image/png",
    "\u00ff\u00d8\u00ff\u00e0..., image/jpeg",
    "GIF89a......, image/gif",
    "RIFF....WEBPVP8, image/webp"
  })
  void thePictureSaysWhatItIs(String head, String type) {
    var part = Messages.image(head.getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(type, part.getImage().getMediaType());
  }

  @Test
  void anyOtherPictureNeedsItsType() {
    assertThrows(IllegalArgumentException.class, () -> Messages.image(new byte[] {'B', 'M'}));
    assertThrows(IllegalArgumentException.class, () -> Messages.image(new byte[0]));
    assertThrows(IllegalArgumentException.class, () -> Messages.user());
  }

  @Test
  void aToolsResultIsATurnOfItsOwn() {
    var result = Messages.toolError("c1", "no such city");
    assertEquals(Role.ROLE_TOOL, result.getRole());
    assertEquals("c1", result.getParts(0).getToolResult().getToolCallId());
  }

  @Test
  void whatIsPrintedByAccidentHasNoContent() {
    var message = Messages.assistant("a secret");
    var answer = new Answer(CompleteResponse.newBuilder().setMessage(message).build());
    assertEquals("a secret", answer.text());
    assertFalse(answer.toString().contains("secret"));
  }

  @Test
  void vectorsAreInTheTextsOrder() {
    var two = Embedding.newBuilder().addValues(1).addValues(2);
    var embeddings = new Embeddings(EmbedResponse.newBuilder().addEmbeddings(two).build());
    assertArrayEquals(new float[] {1, 2}, embeddings.vector(0));
    assertEquals(1, embeddings.vectors().size());
    assertEquals("m", Requests.embed("m", List.of("a")).getModel());
  }

  @Test
  void optionsThatAreMessagesAreMadeOfTheirOneValue() {
    var format = Requests.jsonSchema("{}");
    assertEquals(ResponseFormat.Kind.KIND_JSON_SCHEMA, format.getKind());
    assertEquals("{}", format.getSchemaJson());
    var length = Requests.duration(Duration.ofMillis(1500));
    assertEquals(1, length.getSeconds());
    assertEquals(500_000_000, length.getNanos());
  }
}
