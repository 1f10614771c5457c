import { errorAnswer, jsonAnswer } from '../answers/answers.ts';
import type { Answer, EngineAnswers } from '../answers/answers.ts';
import { FaultTable } from '../server/faults.ts';
import { EngineFront } from '../server/front.ts';
import { EngineListener } from '../server/listener.ts';
import type { ListenOptions } from '../server/listener.ts';
import { RequestCounters } from '../server/request-counters.ts';
import { readRecording, textAt } from './recording.ts';
import type { RecordedContainer, Recording } from './recording.ts';

/** A running engine that replays; close it to take its socket away. */
export interface ReplayingEngine {
  /** Its address, as DOCKER_HOST takes it. */
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

/** Version response where none was recorded: enough for any client to agree on a version. */
const unnamed = { ApiVersion: '1.51', MinAPIVersion: '1.12', Version: '', Os: 'linux' };

/** Recorded responses, byte by byte, the same for every request. */
class RecordedAnswers implements EngineAnswers {
  readonly versions: EngineAnswers['versions'];
  readonly #recording: Recording;

  constructor(recording: Recording) {
    this.#recording = recording;
    const version = recording.version?.json ?? unnamed;
    this.versions = {
      engineVersion: textAt(version, 'Version'),
      apiVersion: textAt(version, 'ApiVersion') || unnamed.ApiVersion,
      minApiVersion: textAt(version, 'MinAPIVersion') || unnamed.MinAPIVersion,
    };
  }

  aliases(reference: string): readonly string[] {
    const found = this.#find(reference);
    return found ? [found.id, found.name] : [reference];
  }

  version(): Answer {
    const { version } = this.#recording;
    return version ? recorded(version.text) : jsonAnswer(unnamed);
  }

  info(): Answer {
    const { info } = this.#recording;
    if (info === undefined) return errorAnswer(404, 'page not found');
    // The recorded time would be taken for a clock that is off.
    return recorded(info.replace(/("SystemTime"\s*:\s*")[^"]*/, `$1${new Date().toISOString()}`));
  }

  list(): Answer {
    return recorded(this.#recording.list);
  }

  inspect(reference: string): Answer {
    const found = this.#find(reference);
    return found ? recorded(found.inspect.text) : missing(reference);
  }

  stats(reference: string): Promise<Answer> {
    const found = this.#find(reference);
    if (!found) return Promise.resolve(missing(reference));
    const { stats, id } = found;
    const stopped = errorAnswer(409, `container ${id} is not running`);
    return Promise.resolve(stats === undefined ? stopped : recorded(stats));
  }

  /** Nothing ever happens in a recording. */
  events(): Answer {
    return { kind: 'lines', open: () => () => undefined };
  }

  #find(reference: string): RecordedContainer | undefined {
    const { containers } = this.#recording;
    return (
      containers.find(({ id, name }) => id === reference || name === reference) ??
      containers.find(({ id }) => id.startsWith(reference))
    );
  }
}

function recorded(body: string): Answer {
  return { kind: 'body', status: 200, body };
}

function missing(reference: string): Answer {
  return errorAnswer(404, `No such container: ${reference}`);
}
