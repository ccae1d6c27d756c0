package io.github.remorallm;

import java.io.Serializable;

/**
 * One thing wrong with a request.
 *
 * @param field the field's path, such as {@code messages[1].parts[0]}
 * @param description what is wrong with it
 */
public record FieldError(String field, String description) implements Serializable {}
