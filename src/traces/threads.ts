/** Which vCPU a line is of: the line says it, or its thread said it in another line. */
import type { TraceLine } from './read';

/** Learns the thread of each vCPU from the lines that are passed to it, in order. */
export class VcpuThreads {
  private readonly threads = new Map<string, number>();

  /** The vCPU of a line; nothing when neither the line nor its thread names one. */
  of({ prefix, meaning }: TraceLine): number | undefined {
    const task = prefix?.task;
    const named = meaning?.vcpu ?? vcpuOfName(task);
    if (named === undefined) return task === undefined ? undefined : this.threads.get(task);
    if (task !== undefined) this.threads.set(task, named);
    return named;
  }
}

/** QEMU calls the threads of vCPUs `CPU 0/KVM`. */
function vcpuOfName(task: string | undefined): number | undefined {
  const name = task === undefined ? undefined : /^CPU (\d{1,4})\/KVM$/.exec(task);
  return name ? Number(name[1]) : undefined;
}
