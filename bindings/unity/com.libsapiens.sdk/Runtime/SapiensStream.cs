using System;
using System.Runtime.InteropServices;
using System.Threading;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>One camera or clip: frames in, results out. Frames are submitted from any thread; results come by
    /// <see cref="TryPoll(SapiensResult,int)"/>, <see cref="NextAsync"/> or <see cref="ResultReceived"/>. Nothing here allocates per
    /// frame but NextAsync and <see cref="Poll"/>.</summary>
    public sealed unsafe partial class SapiensStream : IDisposable, IShutDown
    {
        /// <summary>For timeouts: as long as it takes.</summary>
        public const int WaitForever = -1;

        private readonly StreamHandle handle;
        private readonly IntPtr number;
        private readonly SapiensDelivery delivery;
        private readonly SapiensResult received = new SapiensResult();

        internal SapiensStream(SapiensContext context, SapiensStreamOptions options)
        {
            delivery = options.Delivery;
            number = Callbacks.Add(this);
            bool isPolled = delivery == SapiensDelivery.Poll;
            NativeStreamOptions native = options.ToNative(isPolled ? IntPtr.Zero : Callbacks.Result, isPolled ? IntPtr.Zero : number);
            NativeFilterOptions filter;
            NativeMapFilterOptions maps;
            options.Steady(ref native, &filter, &maps);
            IntPtr stream;
            int status = Native.sapiens_stream_create(context.Handle, ref native, out stream);
            if (status != 0)
            {
                Callbacks.Remove(number);
                Fault.Check(status);
            }
            Context = context;
            handle = new StreamHandle(stream);
        }

        ~SapiensStream()
        {
            Callbacks.Remove(number);
        }

        /// <summary>A result has come, with delivery Events or Immediate. The object is filled anew for every result:
        /// <see cref="SapiensResult.Share"/> or <see cref="SapiensResult.Assign"/> keep one beyond the call.</summary>
        public event Action<SapiensStream, SapiensResult> ResultReceived;

        public SapiensContext Context { get; private set; }

        public bool IsDisposed
        {
            get { return handle.IsClosed; }
        }

        /// <summary>Takes a frame; the pixels at image.Data are copied before this returns. False: there was no room for
        /// `timeoutMs` milliseconds (policy Block), nothing was taken.</summary>
        public bool TrySubmit(ref SapiensImage image, SapiensSubmitOptions options, int timeoutMs, out ulong frame)
        {
            fixed (SapiensBox* boxes = options == null ? null : options.Boxes)
            {
                NativeSubmitOptions native = SapiensSubmitOptions.ToNative(options, boxes);
                NativeImage picture = image.ToNative(image.Data);
                return Fault.Check(Native.sapiens_stream_submit(handle, ref picture, ref native, Timeout(timeoutMs), out frame));
            }
        }

        /// <summary>As above, with the pixels in an array; image.Data is ignored.</summary>
        public bool TrySubmit(byte[] pixels, ref SapiensImage image, SapiensSubmitOptions options, int timeoutMs, out ulong frame)
        {
            if (pixels == null)
            {
                throw new ArgumentNullException("pixels");
            }
            image.MustFit(pixels.LongLength, "pixels");
            fixed (SapiensBox* boxes = options == null ? null : options.Boxes)
            fixed (byte* data = pixels)
            {
                NativeSubmitOptions native = SapiensSubmitOptions.ToNative(options, boxes);
                NativeImage picture = image.ToNative((IntPtr)data);
                return Fault.Check(Native.sapiens_stream_submit(handle, ref picture, ref native, Timeout(timeoutMs), out frame));
            }
        }

        /// <summary>Without a copy: the buffer is busy until the library has read it; image.Data is ignored.</summary>
        public bool TrySubmit(SapiensPixelBuffer buffer, ref SapiensImage image, SapiensSubmitOptions options, int timeoutMs,
            out ulong frame)
        {
            if (buffer == null)
            {
                throw new ArgumentNullException("buffer");
            }
            image.MustFit(buffer.Bytes, "buffer");
            fixed (SapiensBox* boxes = options == null ? null : options.Boxes)
            {
                NativeSubmitOptions native = SapiensSubmitOptions.ToNative(options, boxes);
                native.flags |= Native.SubmitFlagsBorrow;
                native.release = Callbacks.Release;
                native.user_data = buffer.Number;
                NativeImage picture = image.ToNative(buffer.Data);
                uint wait = Timeout(timeoutMs);
                buffer.Lend();
                int status = Native.sapiens_stream_submit(handle, ref picture, ref native, wait, out frame);
                if (status != 0)
                {
                    buffer.GiveBack();
                }
                return Fault.Check(status);
            }
        }

        /// <summary>Takes a frame and gives its number; throws TimeoutException if there is no room.</summary>
        public ulong Submit(byte[] pixels, SapiensImage image, SapiensSubmitOptions options = null, int timeoutMs = WaitForever)
        {
            ulong frame;
            if (!TrySubmit(pixels, ref image, options, timeoutMs, out frame))
            {
                throw new TimeoutException("the stream had no room for the frame");
            }
            return frame;
        }

        /// <summary>Takes a picture file as a frame, read and decoded before this returns: for tools and first steps.</summary>
        public ulong SubmitFile(string path, SapiensSubmitOptions options = null, int timeoutMs = WaitForever)
        {
            if (path == null)
            {
                throw new ArgumentNullException("path");
            }
            fixed (SapiensBox* boxes = options == null ? null : options.Boxes)
            fixed (byte* text = Utf8.Bytes(path, "path"))
            {
                NativeSubmitOptions native = SapiensSubmitOptions.ToNative(options, boxes);
                ulong frame;
                if (!Fault.Check(Native.sapiens_stream_submit_file(handle, text, ref native, Timeout(timeoutMs), out frame)))
                {
                    throw new TimeoutException("the stream had no room for the frame");
                }
                return frame;
            }
        }

        /// <summary>Fetches the oldest finished result into an object that is used again and again. False: none came in
        /// time.</summary>
        public bool TryPoll(SapiensResult into, int timeoutMs)
        {
            if (into == null)
            {
                throw new ArgumentNullException("into");
            }
            IntPtr result;
            if (!Fault.Check(Native.sapiens_stream_poll(handle, Timeout(timeoutMs), out result)))
            {
                return false;
            }
            into.Take(result);
            return true;
        }

        /// <summary>Fetches the oldest finished result; null: none came in time. Dispose it.</summary>
        public SapiensResult Poll(int timeoutMs)
        {
            var result = new SapiensResult();
            return TryPoll(result, timeoutMs) ? result : null;
        }

        /// <summary>Sets how often a task runs and how important it is, from the next frame on.</summary>
        public void SetTask(SapiensTask task, SapiensTaskOptions options)
        {
            if (options == null)
            {
                throw new ArgumentNullException("options");
            }
            var native = new NativeTaskOptions
            {
                struct_size = (uint)sizeof(NativeTaskOptions), priority = options.Priority,
                every_n = SapiensStreamOptions.Count(options.EveryN, "options.EveryN"),
            };
            Fault.Check(Native.sapiens_stream_set_task(handle, (uint)task, ref native));
        }

        /// <summary>Changes what is done about people (detection, tracking, filters), from the next frame that is worked on; the other
        /// options are not looked at. Ids go on.</summary>
        public void SetPeople(SapiensStreamOptions options)
        {
            if (options == null)
            {
                throw new ArgumentNullException("options");
            }
            NativeStreamOptions native = options.ToNative(IntPtr.Zero, IntPtr.Zero);
            NativeFilterOptions filter;
            NativeMapFilterOptions maps;
            options.Steady(ref native, &filter, &maps);
            Fault.Check(Native.sapiens_stream_set_people(handle, ref native));
        }

        /// <summary>Tells that somebody may have come in: a detector that rests between its turns looks at the next frame.</summary>
        public void ExpectEntry()
        {
            Fault.Check(Native.sapiens_stream_expect_entry(handle));
        }

        /// <summary>Takes back a frame that waits or is in work; none is named: all. Finished results stay.</summary>
        public void Cancel(ulong frame = 0)
        {
            Fault.Check(Native.sapiens_stream_cancel(handle, frame));
        }

        /// <summary>Waits until no frame waits or is in work; false if that is not reached in time.</summary>
        public bool Flush(int timeoutMs)
        {
            return Fault.Check(Native.sapiens_stream_flush(handle, Timeout(timeoutMs)));
        }

        /// <summary>Counts and times. Does not allocate.</summary>
        public SapiensStatistics Statistics
        {
            get
            {
                var native = new NativeStatistics { struct_size = (uint)sizeof(NativeStatistics) };
                Fault.Check(Native.sapiens_stream_statistics(handle, ref native));
                return new SapiensStatistics(ref native);
            }
        }

        /// <summary>Ends the stream, and waits for its frame in work. No event is raised after it. Safe to call twice. Throws
        /// InvalidOperationException in its own handler with delivery Immediate.</summary>
        public void Dispose()
        {
            if (!handle.IsClosed)
            {
                Fault.Check(handle.Destroy());
            }
            handle.Dispose();
            Callbacks.Remove(number);
            received.Clear();
            EndWaiting();
            GC.SuppressFinalize(this);
        }

        void IShutDown.OnShutDown()
        {
            EndWaiting();
        }

        /// <summary>Called for every result with delivery Events or Immediate.</summary>
        internal void Receive(IntPtr result)
        {
            Fault.Check(Native.sapiens_result_retain(result));
            received.Take(result);
            try
            {
                GiveToWaiting(received);
                Action<SapiensStream, SapiensResult> handler = ResultReceived;
                if (handler != null)
                {
                    handler(this, received);
                }
            }
            finally
            {
                received.Clear();
            }
        }

        private static uint Timeout(int milliseconds)
        {
            if (milliseconds < WaitForever)
            {
                throw new ArgumentOutOfRangeException("timeoutMs", milliseconds, "timeoutMs must be 0 or more, or WaitForever");
            }
            return milliseconds == WaitForever ? Native.WaitForever : (uint)milliseconds;
        }
    }
}
