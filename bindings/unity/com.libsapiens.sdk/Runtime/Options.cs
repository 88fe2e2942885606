// Options begin with the library's defaults: each constructor asks for them.
using System;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>How a context is made.</summary>
    public sealed unsafe class SapiensContextOptions
    {
        public SapiensContextOptions()
        {
            SapiensLibrary.Check();
            NativeContextOptions native;
            Fault.Check(Native.sapiens_context_options_default(out native, (uint)sizeof(NativeContextOptions)));
            Threads = (int)native.threads;
            LowMemory = native.low_memory != 0;
            FlipTest = native.flip_test != 0;
            MemoryBudget = native.memory_budget;
            LogLevel = (SapiensLogLevel)native.log_level;
            LogDelivery = (SapiensDelivery)native.log_delivery;
        }

        /// <summary>Path of the ONNX Runtime library; null: SAPIENS_ORT, then beside libsapiens, then beside the program.</summary>
        public string OnnxRuntimePath { get; set; }

        /// <summary>Devices in order of preference, separated by commas: "cpu", "webgpu", "cuda:0". Null: "cpu".</summary>
        public string Devices { get; set; }

        /// <summary>A folder that keeps converted checkpoints and what devices compile, for the next load. Null: nothing is kept.</summary>
        public string CacheFolder { get; set; }

        /// <summary>Threads a run uses on the processor; 0: one per physical core.</summary>
        public int Threads { get; set; }

        /// <summary>Weights stay mapped from their file: little memory, a slightly slower run.</summary>
        public bool LowMemory { get; set; }

        /// <summary>Results are averaged with those of the mirrored picture: a little more accurate, twice the time.</summary>
        public bool FlipTest { get; set; }

        /// <summary>Bytes that models may take together on their device; 0: no limit. Those over it are evicted, and come back when a
        /// frame wants their tasks.</summary>
        public ulong MemoryBudget { get; set; }

        public SapiensLogLevel LogLevel { get; set; }

        /// <summary>Where <see cref="Log"/> runs. With Immediate on any thread, several at once, and it must not call the library.</summary>
        public SapiensDelivery LogDelivery { get; set; }

        /// <summary>Gets log messages; null: nothing is logged.</summary>
        public Action<SapiensLogLevel, string> Log { get; set; }
    }

    /// <summary>How a model is loaded.</summary>
    public sealed unsafe class SapiensLoadOptions
    {
        public SapiensLoadOptions()
        {
            SapiensLibrary.Check();
            NativeLoadOptions native;
            Fault.Check(Native.sapiens_load_options_default(out native, (uint)sizeof(NativeLoadOptions)));
            Tasks = (SapiensTask)native.tasks;
            Precision = (SapiensPrecision)native.precision;
            InputWidth = (int)native.input_width;
            InputHeight = (int)native.input_height;
            Regions = native.regions != 0;
            WinogradBytes = native.winograd_bytes;
            DeviceFraming = (SapiensDeviceFraming)native.device_framing;
            Recorded = native.recorded != 0;
        }

        /// <summary>Tasks to load of a model with several.</summary>
        public SapiensTask Tasks { get; set; }

        public SapiensPrecision Precision { get; set; }

        /// <summary>Input size in pixels, for checkpoints; both 0: the model's own.</summary>
        public int InputWidth { get; set; }

        /// <summary>See <see cref="InputWidth"/>.</summary>
        public int InputHeight { get; set; }

        /// <summary>For checkpoints, on a processor, in 32 bits: so many more bytes of weights may go into convolutions of the
        /// heads with less arithmetic.</summary>
        public ulong WinogradBytes { get; set; }

        /// <summary>Where pictures are framed; detectors do not look at it.</summary>
        public SapiensDeviceFraming DeviceFraming { get; set; }

        /// <summary>The device records the first run of the model and replays it, one person at a time;
        /// <see cref="SapiensModelInfo.Refused"/> says what it could not.</summary>
        public bool Recorded { get; set; }

        /// <summary>Heads of dense tasks can run for a part of the picture (<see cref="SapiensStreamOptions.Regions"/>).</summary>
        public bool Regions { get; set; }

        /// <summary>Told how far the load is, on the thread that loads.</summary>
        public Action<SapiensLoadProgress> Progress { get; set; }
    }

    /// <summary>How far a load is: bytes of a stage.</summary>
    public struct SapiensLoadProgress
    {
        public string Stage;
        public long Done;
        public long Total;
    }

    /// <summary>How often a task of a stream runs.</summary>
    public sealed unsafe class SapiensTaskOptions
    {
        public SapiensTaskOptions()
        {
            SapiensLibrary.Check();
            NativeTaskOptions native;
            Fault.Check(Native.sapiens_task_options_default(out native, (uint)sizeof(NativeTaskOptions)));
            EveryN = (int)native.every_n;
            Priority = native.priority;
        }

        /// <summary>On every n-th frame; 0: never. In between, results carry what it last gave, with its age.</summary>
        public int EveryN { get; set; }

        /// <summary>Where the time budget is short, due tasks of a higher priority are chosen first.</summary>
        public int Priority { get; set; }
    }

    /// <summary>How a stream works.</summary>
    public sealed unsafe class SapiensStreamOptions
    {
        public SapiensStreamOptions()
        {
            SapiensLibrary.Check();
            NativeStreamOptions native;
            Fault.Check(Native.sapiens_stream_options_default(out native, (uint)sizeof(NativeStreamOptions)));
            Depth = (int)native.depth;
            Policy = (SapiensPolicy)native.policy;
            Delivery = (SapiensDelivery)native.delivery;
            MapSpace = (SapiensMapSpace)native.map_space;
            Framing = (SapiensFraming)native.framing;
            Tasks = (SapiensTask)native.tasks;
            KeepImage = native.keep_image != 0;
            BudgetNanoseconds = native.budget_ns;
        }

        /// <summary>Frames that may wait, and results that may be kept.</summary>
        public int Depth { get; set; }

        public SapiensPolicy Policy { get; set; }

        /// <summary>Poll: fetch results. Events: <see cref="SapiensStream.ResultReceived"/> is raised inside
        /// <see cref="SapiensContext.ProcessEvents"/>. Immediate: on a thread of the library.</summary>
        public SapiensDelivery Delivery { get; set; }

        public SapiensMapSpace MapSpace { get; set; }

        public SapiensFraming Framing { get; set; }

        public SapiensTask Tasks { get; set; }

        /// <summary>Results carry the picture that was looked at.</summary>
        public bool KeepImage { get; set; }

        /// <summary>Time a frame should take at most; 0: no limit.</summary>
        public long BudgetNanoseconds { get; set; }

        /// <summary>In frames without boxes people are looked for with the detector of the context.</summary>
        public bool Detect { get; set; }

        /// <summary>The detector looks at every n-th frame, and sooner when needed; more than 1 needs <see cref="Track"/>.</summary>
        public int DetectEvery { get; set; }

        /// <summary>Finds count with a score above this; 0: what is usual for the detector.</summary>
        public float DetectThreshold { get; set; }

        /// <summary>Of two finds that overlap by more than this the less sure one goes; 0: what is usual for the detector.</summary>
        public float DetectOverlap { get; set; }

        /// <summary>People get ids that last (<see cref="SapiensPerson.Id"/>).</summary>
        public bool Track { get; set; }

        /// <summary>Whom the tasks look at.</summary>
        public SapiensPersonPolicy PersonPolicy { get; set; }

        /// <summary>How many the policy chooses; 0 with All.</summary>
        public int PersonCount { get; set; }

        /// <summary>People tracked at a time; 0: 256.</summary>
        public int MaxPeople { get; set; }

        /// <summary>For NearestTo: pixels of the upright image.</summary>
        public float PersonX { get; set; }

        /// <summary>See <see cref="PersonX"/>.</summary>
        public float PersonY { get; set; }

        /// <summary>Finds of the detector need this score to begin a track; 0: 0.1 more than to count.</summary>
        public float TrackNewScore { get; set; }

        /// <summary>How long somebody gone is remembered, in milliseconds; 0: 10 seconds.</summary>
        public int TrackMemoryMs { get; set; }

        /// <summary>Keypoints are steadied beside the raw ones (<see cref="SapiensResult.TryGetFilteredPose"/>); null: not at all.
        /// Needs <see cref="Track"/>.</summary>
        public SapiensFilterOptions Filter { get; set; }

        /// <summary>Maps are steadied beside the raw ones (<see cref="SapiensResult.TryGetFilteredMap"/>,
        /// <see cref="SapiensResult.TryGetPointsCheck"/>): those of the whole image, and with <see cref="Track"/> those of people; null:
        /// not at all.</summary>
        public SapiensMapFilterOptions MapFilter { get; set; }

        /// <summary>Memory in bytes of the people that are looked at in one run of a model; 0: 1 GiB; 1: one after the other.</summary>
        public ulong BatchMemory { get; set; }

        /// <summary>Where the heads of dense tasks run; models must be loaded with <see cref="SapiensLoadOptions.Regions"/>.</summary>
        public SapiensRegions Regions { get; set; }

        /// <summary>Whether frames overlap.</summary>
        public SapiensOverlap Overlap { get; set; }

        /// <summary>Tasks whose maps stay on the device of their model, finished there. On a CUDA device <see cref="SapiensMap.Memory"/> is
        /// Cuda then: read them there, or copy them with <see cref="SapiensResult.TryCopyMap"/>.</summary>
        public SapiensTask DeviceMaps { get; set; }

        /// <summary>Points to the filters, which the caller keeps until the call is over.</summary>
        internal void Steady(ref NativeStreamOptions native, NativeFilterOptions* filter, NativeMapFilterOptions* maps)
        {
            if (Filter != null)
            {
                *filter = Filter.ToNative();
                native.filter_options = (IntPtr)filter;
            }
            if (MapFilter != null)
            {
                *maps = MapFilter.ToNative();
                native.map_filter_options = (IntPtr)maps;
            }
        }

        /// <summary>The pointers to the filters are set by <see cref="Steady"/>.</summary>
        internal NativeStreamOptions ToNative(IntPtr callback, IntPtr userData)
        {
            return new NativeStreamOptions
            {
                detect = Detect ? 1u : 0u, detect_every = Count(DetectEvery, "options.DetectEvery"),
                detect_threshold = DetectThreshold, detect_overlap = DetectOverlap, track = Track ? 1u : 0u,
                person_policy = (int)PersonPolicy, person_count = Count(PersonCount, "options.PersonCount"),
                max_people = Count(MaxPeople, "options.MaxPeople"), person_x = PersonX, person_y = PersonY,
                track_new_score = TrackNewScore, track_memory_ms = Count(TrackMemoryMs, "options.TrackMemoryMs"),
                filter = Filter != null ? 1u : 0u, filter_maps = MapFilter != null ? (uint)MapFilter.Maps : 0u,
                batch_memory = BatchMemory, regions = (int)Regions, overlap = (int)Overlap, device_maps = (uint)DeviceMaps,
                struct_size = (uint)sizeof(NativeStreamOptions), depth = Count(Depth, "options.Depth"), policy = (int)Policy,
                delivery = (int)Delivery, map_space = (int)MapSpace, framing = (int)Framing, tasks = (uint)Tasks,
                keep_image = KeepImage ? 1u : 0u, budget_ns = BudgetNanoseconds, callback = callback, user_data = userData,
            };
        }

        /// <summary>A number that has no sign in C.</summary>
        internal static uint Count(int value, string name)
        {
            if (value < 0)
            {
                throw new ArgumentOutOfRangeException(name, value, name + " must not be negative");
            }
            return (uint)value;
        }
    }
}
