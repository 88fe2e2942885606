// Many threads on one context and one stream, which ends under them: exceptions, never a crash.
using System;
using System.Threading;
using Sapiens;

internal static class Hammer
{
    internal static void Run(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            SapiensContext context = Check.WithDemo(SapiensTask.Pose);
            SapiensStream stream = context.CreateStream(new SapiensStreamOptions { Policy = SapiensPolicy.DropOldest });
            SapiensStream events = context.CreateStream(new SapiensStreamOptions { Policy = SapiensPolicy.LatestOnly, Delivery = SapiensDelivery.Events });
            int done = 0;
            events.ResultReceived += (from, result) => Interlocked.Add(ref done, (int)result.Info.Frame > 0 ? 1 : 0);
            Exception stranger = null;
            var threads = new Thread[6];
            for (int i = 0; i < threads.Length; i++)
            {
                int seed = i;
                threads[i] = new Thread(() =>
                {
                    try
                    {
                        Work(context, stream, events, seed, ref done);
                    }
                    catch (ObjectDisposedException)
                    {
                        // What everybody is told in the end.
                    }
                    catch (Exception exception)
                    {
                        stranger = exception;
                    }
                });
                threads[i].Start();
            }
            Flow.Until(() => Volatile.Read(ref done) > 20, "work");
            switch (round % 3)
            {
                case 0: context.Dispose(); break;
                case 1: SapiensLibrary.ShutdownAll(); break;
                default: stream.Dispose(); events.Dispose(); break;
            }
            foreach (Thread thread in threads)
            {
                thread.Join();
            }
            Check.That(stranger == null, "the end is an ObjectDisposedException; found " + stranger + ";");
            stream.Dispose();
            events.Dispose();
            context.Dispose();
        }
    }

    private static int waiting;

    private static void Work(SapiensContext context, SapiensStream stream, SapiensStream events, int seed, ref int done)
    {
        SapiensImage image = Check.Image();
        ulong frame;
        using (var result = new SapiensResult())
        {
            for (;;)
            {
                switch (seed % 3)
                {
                    case 0:
                        stream.TrySubmit(Check.Pixels, ref image, null, 5, out frame);
                        events.TrySubmit(Check.Pixels, ref image, null, 5, out frame);
                        stream.Cancel(frame);
                        break;
                    case 1:
                        SapiensPose pose;
                        if (stream.TryPoll(result, 5) && result.Info.Status == SapiensStatus.Ok && result.TryGetPose(0, out pose) && pose[0].Score >= 0)
                        {
                            Interlocked.Increment(ref done);
                        }
                        break;
                    default:
                        context.ProcessEvents();
                        events.Flush(1);
                        Interlocked.Exchange(ref waiting, stream.Statistics.Waiting);
                        break;
                }
            }
        }
    }
}
