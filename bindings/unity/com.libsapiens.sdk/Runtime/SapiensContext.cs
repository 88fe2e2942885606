using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>A device, the loaded models, and the threads that work on them. Every member may be used from any thread. Dispose it;
    /// its streams end with it, results live on.</summary>
    public sealed unsafe class SapiensContext : IDisposable
    {
        private readonly LogSink log;

        /// <summary>With the library's defaults.</summary>
        public SapiensContext() : this(new SapiensContextOptions())
        {
        }

        public SapiensContext(SapiensContextOptions options)
        {
            NotNull(options, "options");
            byte[] path = Utf8.Bytes(options.OnnxRuntimePath, "options.OnnxRuntimePath");
            byte[] devices = Utf8.Bytes(options.Devices, "options.Devices");
            byte[] cache = Utf8.Bytes(options.CacheFolder, "options.CacheFolder");
            uint threads = SapiensStreamOptions.Count(options.Threads, "options.Threads");
            log = options.Log == null ? null : new LogSink(options.Log);
            IntPtr context;
            fixed (byte* pathBytes = path, devicesBytes = devices, cacheBytes = cache)
            {
                var native = new NativeContextOptions
                {
                    struct_size = (uint)sizeof(NativeContextOptions), abi_version = Native.AbiVersion,
                    onnxruntime_path = (IntPtr)pathBytes, devices = (IntPtr)devicesBytes, threads = threads,
                    memory_budget = options.MemoryBudget, low_memory = options.LowMemory ? 1u : 0u, flip_test = options.FlipTest ? 1u : 0u,
                    log_level = (int)options.LogLevel, log_delivery = (int)options.LogDelivery,
                    log_callback = log == null ? IntPtr.Zero : Callbacks.Log,
                    user_data = log == null ? IntPtr.Zero : log.Number,
                    cache_folder = (IntPtr)cacheBytes,
                };
                int status = Native.sapiens_context_create(ref native, out context);
                if (status != 0)
                {
                    Forget();
                    Fault.Check(status);
                }
            }
            Handle = new ContextHandle(context);
        }

        internal ContextHandle Handle { get; private set; }

        public bool IsDisposed
        {
            get { return Handle.IsClosed; }
        }

        /// <summary>The loaded models, in the order of loading.</summary>
        public IReadOnlyList<SapiensModelInfo> Models
        {
            get
            {
                uint count;
                Fault.Check(Native.sapiens_context_model_count(Handle, out count));
                var models = new List<SapiensModelInfo>((int)count);
                for (uint i = 0; i < count; i++)
                {
                    var native = new NativeModelInfo { struct_size = (uint)sizeof(NativeModelInfo) };
                    Fault.Check(Native.sapiens_context_model(Handle, i, ref native));
                    models.Add(new SapiensModelInfo(ref native));
                }
                return models;
            }
        }

        /// <summary>The ONNX Runtime this context uses; opens it if nothing has yet.</summary>
        public SapiensRuntimeInfo Runtime
        {
            get
            {
                var native = new NativeRuntimeInfo { struct_size = (uint)sizeof(NativeRuntimeInfo) };
                Fault.Check(Native.sapiens_context_runtime(Handle, ref native));
                return new SapiensRuntimeInfo(ref native);
            }
        }

        /// <summary>Runs a tiny graph on a device, such as "cuda:0"; throws with the reason if it does not work.</summary>
        public void TryDevice(string device)
        {
            fixed (byte* bytes = Utf8.Bytes(NotNull(device, "device"), "device"))
            {
                Fault.Check(Native.sapiens_context_try_device(Handle, bytes));
            }
        }

        /// <summary>Loads the small model inside the library. Blocks: see <see cref="LoadDemoAsync"/>.</summary>
        public uint LoadDemo(SapiensLoadOptions options = null)
        {
            return Load(null, null, options, CancellationToken.None);
        }

        /// <summary>Loads an official .safetensors checkpoint, or an .onnx graph of `sapiens convert`. Blocks, for seconds with large
        /// models: see <see cref="LoadAsync"/>. Gives the number for <see cref="Unload"/>.</summary>
        public uint Load(string path, SapiensLoadOptions options = null)
        {
            return Load(NotNull(path, "path"), null, options, CancellationToken.None);
        }

        /// <summary>As <see cref="Load(string,SapiensLoadOptions)"/> from the bytes of a checkpoint; `name` stands for the path in
        /// messages.</summary>
        public uint LoadMemory(string name, byte[] data, SapiensLoadOptions options = null)
        {
            return Load(NotNull(name, "name"), NotNull(data, "data"), options, CancellationToken.None);
        }

        /// <summary>Loads the demo model on a thread of the pool.</summary>
        public Task<uint> LoadDemoAsync(SapiensLoadOptions options = null, CancellationToken cancellation = default(CancellationToken))
        {
            return Task.Run(() => Load(null, null, options, cancellation), cancellation);
        }

        /// <summary>Loads a model on a thread of the pool.</summary>
        public Task<uint> LoadAsync(string path, SapiensLoadOptions options = null,
            CancellationToken cancellation = default(CancellationToken))
        {
            NotNull(path, "path");
            return Task.Run(() => Load(path, null, options, cancellation), cancellation);
        }

        /// <summary>Loads the person detector, in place of one loaded before: RTMDet, DETR, a bundle or a graph; null: that of the demo
        /// model. Streams with <see cref="SapiensStreamOptions.Detect"/> use it from their next frame on. Blocks.</summary>
        public void LoadDetector(string path = null, SapiensLoadOptions options = null)
        {
            Load(path, null, options, CancellationToken.None, true);
        }

        /// <summary>Loads the detector on a thread of the pool.</summary>
        public Task LoadDetectorAsync(string path = null, SapiensLoadOptions options = null,
            CancellationToken cancellation = default(CancellationToken))
        {
            return Task.Run(() => Load(path, null, options, cancellation, true), cancellation);
        }

        /// <summary>Takes the detector away.</summary>
        public void UnloadDetector()
        {
            Fault.Check(Native.sapiens_context_unload_detector(Handle));
        }

        /// <summary>Whether a detector is loaded.</summary>
        public bool HasDetector
        {
            get
            {
                var native = new NativeModelInfo { struct_size = (uint)sizeof(NativeModelInfo) };
                return Fault.Check(Native.sapiens_context_detector(Handle, ref native));
            }
        }

        /// <summary>Stops the loads in progress; they throw OperationCanceledException.</summary>
        public void CancelLoads()
        {
            Fault.Check(Native.sapiens_context_cancel_loads(Handle));
        }

        /// <summary>Takes a model and its tasks away.</summary>
        public void Unload(uint modelId)
        {
            Fault.Check(Native.sapiens_context_unload(Handle, modelId));
        }

        /// <summary>Makes a stream; null: with the library's defaults.</summary>
        public SapiensStream CreateStream(SapiensStreamOptions options = null)
        {
            return new SapiensStream(this, options ?? new SapiensStreamOptions());
        }

        /// <summary>Raises the events of this context and its streams, on this thread. Never waits; call it once per frame. If handlers
        /// throw, the others still run, and the first exception is thrown at the end.</summary>
        public void ProcessEvents()
        {
            if (Callbacks.IsCollecting)
            {
                Fault.Check(Native.sapiens_context_process_events(Handle)); // from inside a handler: the library says no
                return;
            }
            Callbacks.Collect();
            int status = 0;
            try
            {
                status = Native.sapiens_context_process_events(Handle);
            }
            finally
            {
                Callbacks.Rethrow();
            }
            Fault.Check(status);
        }

        /// <summary>Ends the context and its streams, and waits for the frames in work. Safe to call twice. Throws
        /// InvalidOperationException where waiting is impossible: in a handler with delivery Immediate.</summary>
        public void Dispose()
        {
            if (!Handle.IsClosed)
            {
                Fault.Check(Handle.Destroy());
            }
            Handle.Dispose();
            Forget();
        }

        private void Forget()
        {
            if (log != null)
            {
                Callbacks.Remove(log.Number);
            }
        }

        private uint Load(string path, byte[] data, SapiensLoadOptions options, CancellationToken cancellation,
            bool isDetector = false)
        {
            cancellation.ThrowIfCancellationRequested();
            options = options ?? new SapiensLoadOptions();
            byte[] text = Utf8.Bytes(path, data == null ? "path" : "name");
            using (var watcher = new LoadWatcher(options.Progress, cancellation))
            {
                var native = new NativeLoadOptions
                {
                    struct_size = (uint)sizeof(NativeLoadOptions), tasks = (uint)options.Tasks,
                    precision = (int)options.Precision,
                    input_width = SapiensStreamOptions.Count(options.InputWidth, "options.InputWidth"),
                    input_height = SapiensStreamOptions.Count(options.InputHeight, "options.InputHeight"),
                    progress = Callbacks.Progress, user_data = watcher.Number, winograd_bytes = options.WinogradBytes,
                    regions = options.Regions ? 1u : 0u, device_framing = (int)options.DeviceFraming,
                    recorded = options.Recorded ? 1u : 0u,
                };
                uint id = 0;
                int status;
                fixed (byte* textBytes = text, dataBytes = data)
                {
                    status = isDetector
                        ? Native.sapiens_context_load_detector(Handle, textBytes, ref native)
                        : data == null
                        ? Native.sapiens_context_load(Handle, textBytes, ref native, out id)
                        : Native.sapiens_context_load_memory(Handle, textBytes, dataBytes, (ulong)data.LongLength, ref native, out id);
                }
                watcher.Rethrow();
                if (status == (int)SapiensStatus.Cancelled)
                {
                    cancellation.ThrowIfCancellationRequested(); // so that the task is cancelled, not faulted
                }
                Fault.Check(status);
                return id;
            }
        }

        private static T NotNull<T>(T value, string name) where T : class
        {
            if (value == null)
            {
                throw new ArgumentNullException(name);
            }
            return value;
        }
    }
}
