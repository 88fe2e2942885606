// The whole way of a frame, by polling, by events, by async, borrowed; and what the library says about itself.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Sapiens;

internal static class Flow
{
    internal static void Tables()
    {
        Check.That(SapiensLibrary.BuildInfo.Contains(SapiensLibrary.Version.ToString(3)), "the build names its version");
        Check.That(SapiensSkeleton.Keypoints.Count > 0 && SapiensSkeleton.Links.Count > 0 && SapiensSkeleton.Classes.Count > 0, "tables");
        for (int i = 0; i < SapiensSkeleton.Keypoints.Count; i++)
        {
            SapiensKeypointInfo info = SapiensSkeleton.Keypoints[i];
            Check.That(info.Name.Length > 0 && info.Sigma > 0, "keypoint " + i + " is described");
            Check.Equal(i, SapiensSkeleton.Keypoints[info.Flip].Flip, "the mirrored of the mirrored " + info.Name);
            Check.Equal(i, SapiensSkeleton.IndexOf(info.Name), info.Name);
        }
        foreach (SapiensLinkInfo link in SapiensSkeleton.Links)
        {
            Check.That(Math.Max(link.From, link.To) < SapiensSkeleton.Keypoints.Count, "a line has keypoints");
        }
        Check.Equal(17, SapiensSkeleton.KeypointsOf(17).Count, "COCO's keypoints");
        Check.Equal(0, SapiensSkeleton.KeypointsOf(5).Count + SapiensSkeleton.LinksOf(5).Count, "no such set");
        Check.Equal(28, SapiensSkeleton.ClassesOf(28).Count, "the classes of Sapiens v1");
        Check.Equal("left_wrist", SapiensSkeleton.Keypoints[SapiensSkeleton.Counterpart(17, 9, SapiensSkeleton.Keypoints.Count)].Name, "the same place");
        Check.That(SapiensSkeleton.Classes.Any(one => one.Color.R + one.Color.G + one.Color.B > 0), "classes have colours");
        Check.Equal("timeout", SapiensLibrary.NameOf(SapiensStatus.Timeout), "a status in words");
        Check.Equal("pose", SapiensLibrary.NameOf(SapiensTask.Pose), "a task in words");
        Check.Equal(-1, SapiensSkeleton.IndexOf("no such"), "a name that is none");
    }

    internal static void Polling(string picture)
    {
        using (SapiensContext context = Check.WithDemo())
        using (SapiensStream stream = context.CreateStream(new SapiensStreamOptions { KeepImage = true }))
        using (var result = new SapiensResult())
        {
            SapiensModelInfo model = context.Models.Single();
            Check.That(model.Device == "cpu" && model.Licence.Length > 0 && model.Parameters > 0 && model.InputWidth > 0, "the model says what it is");
            Check.That(context.Runtime.Version.Length > 0 && File.Exists(context.Runtime.Path), "the runtime says what it is");
            context.TryDevice("cpu");
            Check.That(!stream.TryPoll(result, 0) && result.IsEmpty, "nothing to poll yet");
            Check.Equal(1ul, stream.SubmitFile(picture), "the number of the first frame");
            Check.That(stream.TryPoll(result, SapiensStream.WaitForever), "a result");
            SapiensResultInfo info = result.Info;
            Check.Equal(SapiensStatus.Ok, info.Status, "status: " + result.Message);
            Check.Equal(1, info.PersonCount, "persons");
            SapiensPose pose;
            Check.That(result.TryGetPose(0, out pose) && pose.Count == SapiensSkeleton.Keypoints.Count, "a pose");
            var copy = new SapiensKeypoint[pose.Count];
            pose.CopyTo(copy);
            Check.That(copy.All(k => !float.IsNaN(k.X + k.Y + k.Score)) && copy.Any(k => k.Score > 0.1f), "keypoints");
            Check.Equal((double)info.ImageWidth, result.Person(0).Box.Width, "the box is the image");
            foreach (SapiensMapKind kind in Enum.GetValues(typeof(SapiensMapKind)))
            {
                SapiensMap map;
                if (!result.TryGetMapOrScene(0, kind, out map))
                {
                    continue;
                }
                long all = (long)map.Width * map.Height * map.Channels;
                var bytes = new byte[all];
                SapiensMapCopy.ToArray(ref map, bytes, map.Channels, false);
                if (map.Element == SapiensElement.U8)
                {
                    Check.Equal(map.ByteAt(map.Width - 1, 0, 0), bytes[(map.Width - 1) * map.Channels], kind + " copied");
                }
                else
                {
                    var floats = new float[all];
                    SapiensMapCopy.ToArray(ref map, floats, map.Channels, true);
                    Check.Equal(map.FloatAt(1, 0, map.Channels - 1), floats[(long)(map.Height - 1) * map.Width * map.Channels + 2 * map.Channels - 1], kind + " copied bottom up");
                }
            }
            foreach (SapiensMapKind kind in new[] { SapiensMapKind.Labels, SapiensMapKind.Normals, SapiensMapKind.Points, SapiensMapKind.Albedo, SapiensMapKind.Alpha, SapiensMapKind.Image })
            {
                SapiensMap map;
                Check.That(result.TryGetMapOrScene(0, kind, out map), "the demo model gives " + kind);
            }
            string stage;
            double sum = Enumerable.Range(0, info.TimingCount).Sum(i => result.Timing(i, out stage));
            Check.That(sum > 0 && info.TotalMs > 0, "times");
            Check.That(result.ToJson().Contains(SapiensSkeleton.Keypoints[0].Name), "JSON");
            string folder = Path.Combine(Path.GetTempPath(), "sapiens-cs-" + Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(folder);
            result.WriteJson(Path.Combine(folder, "ä.json"));
            result.WriteSkeletonPng(Path.Combine(folder, "s.png"));
            Check.That(result.WriteMapPng(SapiensResult.Scene, SapiensMapKind.Image, Path.Combine(folder, "i.png")), "a picture of a map");
            Check.Equal(3, Directory.GetFiles(folder).Length, "files");
            Directory.Delete(folder, true);
            SapiensStatistics statistics = stream.Statistics;
            Check.That(statistics.Submitted == 1 && statistics.Completed == 1 && statistics.ModelMs > 0, "statistics");
            SapiensResult kept = result.Share();
            context.Dispose();
            Check.That(kept.Info.Frame == 1 && pose[0].X == copy[0].X, "results outlive their context");
            kept.Dispose();
        }
    }

    internal static void Events()
    {
        using (SapiensContext context = Check.WithDemo(SapiensTask.Pose))
        using (SapiensStream stream = context.CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Events }))
        using (var last = new SapiensResult())
        {
            var seen = new List<ulong>();
            int thread = 0;
            stream.ResultReceived += (from, result) =>
            {
                Check.That(ReferenceEquals(from, stream), "the stream of the event");
                thread = Thread.CurrentThread.ManagedThreadId;
                seen.Add(result.Info.Frame);
                last.Assign(result);
                Check.Throws<InvalidOperationException>(context.ProcessEvents, "");
            };
            for (int i = 0; i < 3; i++)
            {
                stream.Submit(Check.Pixels, Check.Image());
            }
            Until(() => { context.ProcessEvents(); return seen.Count == 3; }, "three events");
            Check.That(seen.SequenceEqual(new ulong[] { 1, 2, 3 }), "in order");
            Check.Equal(Thread.CurrentThread.ManagedThreadId, thread, "the thread of the events");
            Check.Equal(3ul, last.Info.Frame, "the last result, kept");
            // What a handler throws comes out of ProcessEvents, once, and nothing is lost.
            stream.ResultReceived += (from, result) => { throw new NotFiniteNumberException("mine"); };
            stream.Submit(Check.Pixels, Check.Image());
            Check.Throws<NotFiniteNumberException>(() => Until(() => { context.ProcessEvents(); return false; }, "an event"), "mine");
            Check.Equal(4, seen.Count, "the other handler ran");
            context.ProcessEvents();
            Task<SapiensResult> next = stream.NextAsync();
            stream.Submit(Check.Pixels, Check.Image());
            try
            {
                Until(() => { context.ProcessEvents(); return next.IsCompleted; }, "a task");
            }
            catch (NotFiniteNumberException)
            {
            }
            Check.That(next.Wait(5000) && next.Result.Info.Frame == 5, "an awaited event");
            next.Result.Dispose();
            using (var end = new CancellationTokenSource())
            {
                Task<SapiensResult> cancelled = stream.NextAsync(end.Token);
                end.Cancel();
                Check.Throws<OperationCanceledException>(() => cancelled.Wait(), "");
            }
            Task<SapiensResult> orphan = stream.NextAsync();
            stream.Dispose();
            Check.Throws<ObjectDisposedException>(() => orphan.Wait(), "SapiensStream");
        }
    }

    /// <summary>A handler may end its own stream and context.</summary>
    internal static void EndInside()
    {
        SapiensContext context = Check.WithDemo(SapiensTask.Pose);
        SapiensStream stream = context.CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Events });
        int count = 0;
        stream.ResultReceived += (from, result) =>
        {
            count++;
            context.Dispose();
            stream.Dispose();
            Check.That(result.IsEmpty, "what the stream lent is gone with it");
        };
        stream.Submit(Check.Pixels, Check.Image());
        stream.Submit(Check.Pixels, Check.Image());
        Check.Throws<ObjectDisposedException>(() => Until(() => { context.ProcessEvents(); return false; }, "the end"), "");
        Check.Equal(1, count, "events");
    }

    internal static void Immediate()
    {
        Exception reported = null;
        Action<Exception> report = exception => reported = exception;
        SapiensLibrary.CallbackFaulted += report;
        using (SapiensContext context = Check.WithDemo(SapiensTask.Pose))
        using (SapiensStream stream = context.CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Immediate }))
        {
            Exception refused = null;
            int thread = 0, count = 0;
            stream.ResultReceived += (from, result) =>
            {
                thread = Thread.CurrentThread.ManagedThreadId;
                try
                {
                    stream.Dispose();
                }
                catch (InvalidOperationException exception)
                {
                    refused = exception;
                }
                Interlocked.Increment(ref count);
                throw new DivideByZeroException("from the library's thread");
            };
            stream.Submit(Check.Pixels, Check.Image());
            Until(() => Volatile.Read(ref count) == 1 && reported != null, "a result at once");
            Check.That(thread != Thread.CurrentThread.ManagedThreadId && refused != null, "on the library's thread, where waiting is refused");
            Check.That(!stream.IsDisposed && reported is DivideByZeroException, "the fault is reported");
            stream.Submit(Check.Pixels, Check.Image());
            Until(() => Volatile.Read(ref count) == 2, "the stream goes on");
        }
        SapiensLibrary.CallbackFaulted -= report;
    }

    internal static async Task Async()
    {
        using (var context = new SapiensContext())
        {
            int told = 0;
            uint id = await context.LoadDemoAsync(new SapiensLoadOptions { Tasks = SapiensTask.Pose, Progress = p => told++ });
            Check.That(told > 0 && context.Models.Count == 1, "progress was told");
            using (SapiensStream stream = context.CreateStream())
            {
                stream.Submit(Check.Pixels, Check.Image());
                using (SapiensResult result = await stream.NextAsync())
                {
                    Check.Equal(1ul, result.Info.Frame, "the awaited frame");
                }
                using (var end = new CancellationTokenSource(100))
                {
                    Exception thrown = null;
                    try
                    {
                        await stream.NextAsync(end.Token);
                    }
                    catch (OperationCanceledException exception)
                    {
                        thrown = exception;
                    }
                    Check.That(thrown != null, "a cancelled wait");
                }
            }
            context.Unload(id);
            Check.Equal(0, context.Models.Count, "models after unloading");
            using (var end = new CancellationTokenSource())
            {
                var options = new SapiensLoadOptions { Progress = p => end.Cancel() };
                Task<uint> load = context.LoadDemoAsync(options, end.Token);
                Check.Throws<OperationCanceledException>(() => load.Wait(), "");
                Check.That(load.IsCanceled, "the task is cancelled, not faulted");
            }
            var faulty = new SapiensLoadOptions { Progress = p => { throw new ArithmeticException("in progress"); } };
            Check.Throws<ArithmeticException>(() => context.LoadDemo(faulty), "in progress");
            Check.Equal(0, context.Models.Count, "models after cancelled loads");
        }
    }

    internal static void Borrowing()
    {
        using (SapiensContext context = Check.WithDemo(SapiensTask.Pose))
        using (var buffer = new SapiensPixelBuffer(Check.Pixels.Length))
        using (var result = new SapiensResult())
        {
            System.Runtime.InteropServices.Marshal.Copy(Check.Pixels, 0, buffer.Data, Check.Pixels.Length);
            SapiensImage image = Check.Image();
            ulong frame;
            using (SapiensStream stream = context.CreateStream())
            {
                Check.That(stream.TrySubmit(buffer, ref image, null, 0, out frame), "taken");
                Check.That(stream.TryPoll(result, SapiensStream.WaitForever) && result.Info.Status == SapiensStatus.Ok, "a result");
                Check.That(!buffer.IsBusy, "given back");
                Check.That(stream.TrySubmit(buffer, ref image, null, 0, out frame), "taken again");
            }
            Check.That(!buffer.IsBusy, "given back with the stream");
            using (SapiensStream stream = context.CreateStream(new SapiensStreamOptions { Depth = 1 }))
            {
                // The worker is given something to do, so that there is no room. Between the two calls it may take a frame: then
                // there was room, the buffer comes back, and it all begins again.
                Until(
                    () =>
                    {
                        while (stream.TrySubmit(Check.Pixels, ref image, null, 0, out frame))
                        {
                        }
                        if (!stream.TrySubmit(buffer, ref image, null, 0, out frame))
                        {
                            return true;
                        }
                        stream.Cancel();
                        Until(() => !buffer.IsBusy, "the borrowed buffer comes back");
                        return false;
                    },
                    "a refusal");
                Check.That(!buffer.IsBusy, "no room: not borrowed");
                stream.Cancel();
                Check.That(stream.Flush(60000), "flushed");
            }
        }
    }

    /// <summary>Texture rows begin at the bottom: what the library sees must be upright all the same.</summary>
    internal static void Orientations()
    {
        using (var context = new SapiensContext())
        {
            context.LoadDemo(new SapiensLoadOptions { Tasks = SapiensTask.Albedo });
            using (SapiensStream stream = context.CreateStream(new SapiensStreamOptions { KeepImage = true }))
            using (var result = new SapiensResult())
            {
                const int w = 32, h = 48;
                foreach (bool bottomUp in new[] { false, true })
                {
                    foreach (int degrees in new[] { 0, 90, 180, 270, -90, 450 })
                    {
                        // A buffer with one bright pixel; where it must appear, worked out by hand: flip the rows, then turn.
                        const int bx = 5, by = 9;
                        var pixels = new byte[w * h * 3];
                        pixels[(by * w + bx) * 3] = 255;
                        int x = bx, y = bottomUp ? h - 1 - by : by, width = w, height = h;
                        for (int turn = 0; turn < ((degrees + 360) % 360) / 90; turn++)
                        {
                            int turned = height - 1 - y;
                            y = x;
                            x = turned;
                            int swap = width;
                            width = height;
                            height = swap;
                        }
                        var image = new SapiensImage
                        {
                            Format = SapiensPixelFormat.Rgb8, Width = w, Height = h, RowStride = 3 * w,
                            Orientation = SapiensImage.OrientationOf(degrees, bottomUp),
                        };
                        stream.Submit(pixels, image);
                        SapiensMap map;
                        Check.That(stream.TryPoll(result, SapiensStream.WaitForever) && result.TryGetMap(SapiensResult.Scene, SapiensMapKind.Image, out map), "an image");
                        result.TryGetMap(SapiensResult.Scene, SapiensMapKind.Image, out map);
                        Check.That(map.Width == width && map.Height == height && map.ByteAt(x, y, 0) == 255,
                            string.Format("{0} degrees, bottom up {1}: the pixel is at {2}, {3}", degrees, bottomUp, x, y));
                    }
                }
            }
        }
        Check.Names("clockwiseDegrees", Check.Throws<ArgumentOutOfRangeException>(() => SapiensImage.OrientationOf(45, true), "90"));
    }

    internal static void Until(Func<bool> done, string what)
    {
        DateTime end = DateTime.UtcNow.AddMinutes(10);
        while (!done())
        {
            Check.That(DateTime.UtcNow < end, what + " within ten minutes");
            Thread.Sleep(1);
        }
    }
}
