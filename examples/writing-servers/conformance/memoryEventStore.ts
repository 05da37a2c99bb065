import type { EventStore } from "@modelcontextprotocol/server";

const MOST_EVENTS = 10_000;

/** Remembers the newest events of all streams, so that the suite can resume one. */
export function memoryEventStore(): EventStore {
  const events: { id: number; stream: string; message: Parameters<EventStore["storeEvent"]>[1] }[] =
    [];
  let last = 0;
  return {
    storeEvent: async (stream, message) => {
      last += 1;
      events.push({ id: last, stream, message });
      if (events.length > MOST_EVENTS) events.shift();
      return String(last);
    },
    getStreamIdForEventId: async (eventId) =>
      events.find(({ id }) => id === Number(eventId))?.stream,
    replayEventsAfter: async (eventId, { send }) => {
      const after = events.find(({ id }) => id === Number(eventId));
      if (after === undefined) throw new Error(`no event ${eventId}`);
      for (const { id, stream, message } of events) {
        // What opens a stream is an event without content.
        if (stream === after.stream && id > after.id && "jsonrpc" in message) {
          await send(String(id), message);
        }
      }
      return after.stream;
    },
  };
}
