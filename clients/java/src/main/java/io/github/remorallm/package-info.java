/**
 * The Java client of Remora, the sidecar that keeps LLM calls answered.
 *
 * <p>Begin with {@link io.github.remorallm.RemoraClient}. The messages of the contract are in
 * {@code io.github.remorallm.v1}, generated from {@code proto/remora/v1}; their fields, units,
 * bounds and defaults are explained there.
 */
package io.github.remorallm;
