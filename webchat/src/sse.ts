/** Reads a server-sent event stream from a fetch body, so that a token can go in a header. */

export interface ServerEvent {
  name: string;
  data: string;
}

/** Gives each event; `alive` hears of every byte, also of comments. Returns at the end. */
export async function read(
  body: ReadableStream<Uint8Array>,
  alive: () => void,
  each: (event: ServerEvent) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let name = "";
  let data: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    rest += decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line === "") {
        if (data.length > 0) each({ name: name || "message", data: data.join("\n") });
        name = "";
        data = [];
      } else if (line.startsWith("event:")) name = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
  }
}
