package io.github.remorallm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackageTest {
  private static final Pattern PROGRAM =
      Pattern.compile("^```java\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

  /** What a reader has before the snippets: what they use, and who answers the tool's calls. */
  private static final String READER =
      """
      abstract class Reader {
        RemoraClient remora;
        List<Message> conversation;
        Path png;
        abstract String weather(String argumentsJson);
      """;

  @Test
  void theVersionIsOne() throws IOException {
    var version = "<version>" + RemoraClient.VERSION + "</version>";
    assertTrue(Files.readString(Path.of("pom.xml")).contains("-client</artifactId>\n  " + version));
    assertTrue(Files.readString(Path.of("README.md")).contains(version));
  }

  @Test
  void theFirstProgramOfTheReadmePrintsAnAnswer(@TempDir Path folder) throws Exception {
    var found = PROGRAM.matcher(Files.readString(Path.of("README.md")));
    assertTrue(found.find());
    var source = Files.writeString(folder.resolve("Readme.java"), found.group(1));
    var compiler = ToolProvider.getSystemJavaCompiler();
    var classPath = System.getProperty("java.class.path");
    var out = folder.toString();
    assertEquals(0, compiler.run(null, null, null, "-cp", classPath, "-d", out, source.toString()));

    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var command = List.of(java, "-cp", out + System.getProperty("path.separator") + classPath);
    try (var sidecar =
        TestSidecar.saying(
            TestSidecar.text("Because"), TestSidecar.text(" 😀."), TestSidecar.completed())) {
      var builder = new ProcessBuilder(new ArrayList<>(command));
      builder.command().add("-Dfile.encoding=UTF-8");
      builder.command().add("Readme");
      builder.environment().put("REMORA_ADDRESS", sidecar.address());
      var process = builder.redirectErrorStream(true).start();
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      assertEquals(
          "Because 😀.",
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      assertEquals(0, process.exitValue());
    }
  }

  @Test
  void theOtherProgramsOfTheReadmeCompileWithItsImports(@TempDir Path folder) throws Exception {
    var blocks =
        PROGRAM
            .matcher(Files.readString(Path.of("README.md")))
            .results()
            .skip(1)
            .map(found -> found.group(1))
            .collect(Collectors.partitioningBy(block -> block.startsWith("import ")));
    assertEquals(1, blocks.get(true).size());
    var source = new StringBuilder(blocks.get(true).get(0)).append(READER);
    for (var snippet : blocks.get(false)) {
      source.append("void snippet").append(source.length()).append("() throws Exception {\n");
      source.append(snippet).append("}\n");
    }
    var file = Files.writeString(folder.resolve("Reader.java"), source.append("}\n"));
    var compiler = ToolProvider.getSystemJavaCompiler();
    var options = List.of("-proc:none", "-Xlint:all", "-Werror", "-d", folder.toString());
    var arguments = new ArrayList<>(options);
    arguments.addAll(List.of("-cp", System.getProperty("java.class.path"), file.toString()));
    assertEquals(0, compiler.run(null, null, null, arguments.toArray(String[]::new)));
  }
}
