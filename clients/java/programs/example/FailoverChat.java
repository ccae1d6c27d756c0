package example;

import io.github.remorallm.ChatStream;
import io.github.remorallm.Messages;
import io.github.remorallm.RemoraClient;
import io.github.remorallm.RemoraException;
import io.github.remorallm.Requests;
import io.github.remorallm.v1.Attempt;
import io.github.remorallm.v1.ErrorReason;
import io.github.remorallm.v1.Message;
import io.github.remorallm.v1.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;

/** A conversation in the terminal that shows failovers as they happen. Argument: the model. */
public final class FailoverChat {
  private FailoverChat() {}

  /** Asks until the input ends; what failed is told and asked again with the next line. */
  public static void main(String[] arguments) {
    var model = arguments.length > 0 ? arguments[0] : "";
    var conversation = new ArrayList<Message>();
    try (var remora = RemoraClient.create();
        var lines = new Scanner(System.in)) {
      for (System.out.print("> "); lines.hasNextLine(); System.out.print("> ")) {
        conversation.add(Messages.user(lines.nextLine()));
        try {
          conversation.add(answer(remora, model, conversation));
        } catch (RemoraException error) {
          conversation.remove(conversation.size() - 1);
          System.err.println("\n[" + error + "]");
        }
      }
    }
  }

  /** Prints an answer as it comes. */
  private static Message answer(RemoraClient remora, String model, List<Message> conversation) {
    var request = Requests.chat(model, conversation).setIncludeAttempts(true).build();
    try (var stream = remora.chat(request)) {
      for (var event : stream) {
        switch (event.getEventCase()) {
          case TEXT_DELTA -> System.out.print(event.getTextDelta().getText());
          case ATTEMPT -> tell(event.getAttempt().getAttempt());
          case RESUMED ->
              System.err.print(" [" + name(event.getResumed().getTarget()) + " goes on] ");
          case RESTARTED, PART_DISCARDED -> again(stream);
          case COMPLETED ->
              System.err.println("\n[" + name(event.getCompleted().getTarget()) + "]");
          default -> {}
        }
      }
      return stream.message();
    }
  }

  private static void tell(Attempt attempt) {
    if (attempt.getReason() != ErrorReason.ERROR_REASON_UNSPECIFIED) {
      System.err.println("[" + name(attempt.getTarget()) + " failed: " + attempt.getReason() + "]");
    }
  }

  private static void again(ChatStream stream) {
    System.out.print("\n[again]\n" + stream.textSoFar());
  }

  private static String name(Target target) {
    return target.getProvider() + "/" + target.getModel();
  }
}
