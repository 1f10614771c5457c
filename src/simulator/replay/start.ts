import { EngineFront } from '../server/front.ts';
import { EngineListener } from '../server/listener.ts';
import type { ListenOptions } from '../server/listener.ts';
import { FaultTable } from '../server/faults.ts';
import { RecordedAnswers } from './recorded-answers.ts';
import { readRecording } from './recording.ts';
import { RequestCounters } from '../server/request-counters.ts';

/** A running engine that replays; close it to take its socket away. */
export interface ReplayingEngine {
  /** Where it listens, as DOCKER_HOST takes it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts an engine that answers with the recorded answers of a folder. Rejects with a RecordingError. */
export async function startReplay(directory: string, where: ListenOptions = {}): Promise<ReplayingEngine> {
  const front = new EngineFront({
    answers: new RecordedAnswers(readRecording(directory)),
    faults: new FaultTable(),
    counters: new RequestCounters(),
    tickWait: false,
  });
  const listener = await EngineListener.listen(where, front.handle);
  return { url: `unix://${listener.socket}`, close: () => listener.close() };
}
