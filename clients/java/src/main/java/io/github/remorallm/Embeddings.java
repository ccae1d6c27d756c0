package io.github.remorallm;

import io.github.remorallm.v1.EmbedResponse;
import io.github.remorallm.v1.Embedding;
import java.util.List;

/**
 * Vectors, one for each text. Usage, cost, target and report are in {@link #response()}.
 *
 * @param response the answer as it came
 */
public record Embeddings(EmbedResponse response) {
  /** The vectors, in the texts' order. */
  public List<float[]> vectors() {
    return response.getEmbeddingsList().stream().map(Embeddings::components).toList();
  }

  /** The vector of the text with that index, from 0. */
  public float[] vector(int index) {
    return components(response.getEmbeddings(index));
  }

  /** Says how many, and nothing of what. */
  @Override
  public String toString() {
    return "Embeddings[%d]".formatted(response.getEmbeddingsCount());
  }

  private static float[] components(Embedding embedding) {
    var components = new float[embedding.getValuesCount()];
    for (int i = 0; i < components.length; i++) {
      components[i] = embedding.getValues(i);
    }
    return components;
  }
}
