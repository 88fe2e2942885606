// What accumulates: handles, threads, memory, garbage.
using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Sapiens;
using Sapiens.Interop;

internal static class Endurance
{
    internal static void Cycles(int count)
    {
        using (SapiensContext loaded = Check.WithDemo(SapiensTask.Pose))
        {
            Cycle(loaded);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            int entries = Callbacks.Count, threads = Threads();
            long memory = Resident();
            for (int i = 0; i < count; i++)
            {
                Cycle(i % 50 == 0 ? loaded : null);
            }
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Check.That(Callbacks.Count <= entries, string.Format("no callback stays: {0} before, {1} after;", entries, Callbacks.Count));
            Check.That(Threads() <= threads + 2, string.Format("no thread stays: {0} before, {1} after;", threads, Threads()));
            long grown = Resident() - memory;
            Check.That(grown < 64L << 20, string.Format("memory stays: {0} bytes more;", grown));
            Console.WriteLine("cycles {0}: callbacks {1} to {2}, threads {3} to {4}, resident {5:+0.0;-0.0} MB", count, entries,
                Callbacks.Count, threads, Threads(), grown / 1048576.0);
        }
    }

    /// <summary>A context, a stream in events, a buffer, a result, all made and ended; with a loaded context a frame too.</summary>
    private static void Cycle(SapiensContext loaded)
    {
        using (var own = new SapiensContext(new SapiensContextOptions { Log = (level, message) => { } }))
        using (SapiensStream stream = (loaded ?? own).CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Events }))
        using (var buffer = new SapiensPixelBuffer(Check.Pixels.Length))
        using (var result = new SapiensResult())
        {
            bool came = false;
            stream.ResultReceived += (from, received) =>
            {
                result.Assign(received);
                came = true;
            };
            if (loaded != null)
            {
                SapiensImage image = Check.Image();
                ulong frame;
                stream.TrySubmit(buffer, ref image, null, 0, out frame);
                Flow.Until(() => { loaded.ProcessEvents(); return came; }, "a result");
            }
            own.ProcessEvents();
        }
    }

    /// <summary>Frames without garbage, polled and by events: everything a game does in a frame.</summary>
    internal static void Garbage(int frames)
    {
        using (SapiensContext context = Check.WithDemo())
        using (SapiensStream polled = context.CreateStream())
        using (SapiensStream events = context.CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Events }))
        using (var buffer = new SapiensPixelBuffer(Check.Pixels.Length))
        using (var result = new SapiensResult())
        using (var kept = new SapiensResult())
        {
            var work = new Work { Kept = kept, Buffer = buffer };
            events.ResultReceived += work.OnResult;
            work.Frame(context, polled, events, result); // the first one compiles
            work.Frame(context, polled, events, result);
            long before = Check.Allocated();
            for (int i = 0; i < frames; i++)
            {
                work.Frame(context, polled, events, result);
            }
            long bytes = Check.Allocated() - before;
            Console.WriteLine("garbage: {0} bytes in {1} frames, {2} bytes per frame", bytes, 2 * frames, (double)bytes / (2 * frames));
            Check.Equal(0L, bytes, "bytes allocated in steady state");
            var proof = new byte[1000];
            Check.That(Check.Allocated() - before >= 1000 && proof.Length == 1000, "the counter counts");
        }
    }

    private sealed class Work
    {
        internal SapiensResult Kept;
        internal SapiensPixelBuffer Buffer;
        private readonly SapiensSubmitOptions options = new SapiensSubmitOptions { Boxes = new[] { new SapiensBox { X = 1, Y = 2, Width = 80, Height = 100 } } };
        private readonly SapiensKeypoint[] keypoints = new SapiensKeypoint[SapiensSkeleton.Keypoints.Count];
        private float[] floats = new float[0];
        private byte[] bytes = new byte[0];
        private int received;

        internal void OnResult(SapiensStream stream, SapiensResult result)
        {
            Kept.Assign(result);
            received++;
            Read(result);
        }

        internal void Frame(SapiensContext context, SapiensStream polled, SapiensStream events, SapiensResult result)
        {
            SapiensImage image = Check.Image();
            ulong frame;
            polled.TrySubmit(Check.Pixels, ref image, options, 0, out frame);
            Buffer.GetHashCode();
            while (!polled.TryPoll(result, 1000))
            {
            }
            Read(result);
            int before = received;
            events.TrySubmit(Buffer, ref image, options, 0, out frame);
            while (received == before)
            {
                context.ProcessEvents();
                System.Threading.Thread.Sleep(1);
            }
            Check.Count += polled.Statistics.Submitted > 0 ? 1 : 0;
        }

        private unsafe void Read(SapiensResult result)
        {
            SapiensResultInfo info = result.Info;
            SapiensPose pose;
            for (int person = 0; person < info.PersonCount; person++)
            {
                if (result.TryGetPose(person, out pose))
                {
                    pose.CopyTo(keypoints);
                }
                SapiensMap map;
                if (result.TryGetMapOrScene(person, SapiensMapKind.Labels, out map))
                {
                    Grow(ref bytes, map.Width * map.Height);
                    SapiensMapCopy.ToArray(ref map, bytes, 1, true);
                }
                if (result.TryGetMapOrScene(person, SapiensMapKind.Points, out map))
                {
                    Grow(ref floats, map.Width * map.Height * 4);
                    fixed (float* to = floats)
                    {
                        UnitySpace.CopyVectors(ref map, (IntPtr)to, floats.Length);
                    }
                    SapiensVector point;
                    UnitySpace.TryGetPoint(ref map, keypoints[0].X, keypoints[0].Y, out point);
                }
            }
        }

        private static void Grow<T>(ref T[] array, int length)
        {
            if (array.Length < length)
            {
                array = new T[length];
            }
        }
    }

    private static int Threads()
    {
        return Directory.Exists("/proc/self/task") ? Directory.GetDirectories("/proc/self/task").Length : Process.GetCurrentProcess().Threads.Count;
    }

    private static long Resident()
    {
        string line = File.Exists("/proc/self/status") ? File.ReadAllLines("/proc/self/status").First(l => l.StartsWith("VmRSS:")) : null;
        return line == null ? Process.GetCurrentProcess().WorkingSet64 : long.Parse(line.Split(new[] { ' ', '\t' }, StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }
}
