using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>A loaded model, and what really runs.</summary>
    public sealed class SapiensModelInfo
    {
        internal SapiensModelInfo(ref NativeModelInfo native)
        {
            Id = native.id;
            Tasks = (SapiensTask)native.tasks;
            InputWidth = (int)native.input_width;
            InputHeight = (int)native.input_height;
            Precision = (SapiensPrecision)native.precision;
            Parameters = (long)native.parameters;
            Name = Utf8.Read(native.name);
            Size = Utf8.Read(native.size);
            Licence = Utf8.Read(native.licence);
            Device = Utf8.Read(native.device);
            Provider = Utf8.Read(native.provider);
            Refused = Utf8.Read(native.refused);
            SourceSha256 = Utf8.Read(native.source_sha256);
            Keypoints = (int)native.keypoints;
            Classes = (int)native.classes;
            MemoryBytes = (long)native.memory_bytes;
            LoadMs = native.load_ms;
            Loads = (int)native.loads;
            Evictions = (int)native.evictions;
            IsLoaded = native.is_loaded != 0;
            FramesOnDevice = native.frames_on_device != 0;
            Certificate = Utf8.Read(native.certificate);
        }

        /// <summary>For <see cref="SapiensContext.Unload"/>.</summary>
        public uint Id { get; private set; }

        public SapiensTask Tasks { get; private set; }

        public int InputWidth { get; private set; }

        public int InputHeight { get; private set; }

        public SapiensPrecision Precision { get; private set; }

        public long Parameters { get; private set; }

        public string Name { get; private set; }

        public string Size { get; private set; }

        /// <summary>Terms of the weights; those of Sapiens v1 are for non-commercial use only.</summary>
        public string Licence { get; private set; }

        /// <summary>Where it runs.</summary>
        public string Device { get; private set; }

        public string Provider { get; private set; }

        /// <summary>Devices listed before it that could not be used, and why; "" if none.</summary>
        public string Refused { get; private set; }

        public string SourceSha256 { get; private set; }

        /// <summary>Bytes it takes on its device for one person at a time, about.</summary>
        public long MemoryBytes { get; private set; }

        /// <summary>How long its last load took; 0 without a memory budget.</summary>
        public double LoadMs { get; private set; }

        /// <summary>How often it was loaded.</summary>
        public int Loads { get; private set; }

        /// <summary>How often it was evicted.</summary>
        public int Evictions { get; private set; }

        /// <summary>Whether it is on its device now; else it comes back when a frame wants its tasks.</summary>
        public bool IsLoaded { get; private set; }

        /// <summary>Whether pictures are framed on its device.</summary>
        public bool FramesOnDevice { get; private set; }

        /// <summary>What its precision costs, as `sapiens convert --certify` measured it: JSON; "" if nobody has.</summary>
        public string Certificate { get; private set; }

        /// <summary>Keypoints of its poses, for <see cref="SapiensSkeleton.KeypointsOf"/>; 0 without.</summary>
        public int Keypoints { get; private set; }

        /// <summary>Classes of its labels, for <see cref="SapiensSkeleton.ClassesOf"/>; 0 without.</summary>
        public int Classes { get; private set; }
    }

    /// <summary>The ONNX Runtime of this process.</summary>
    public sealed class SapiensRuntimeInfo
    {
        internal SapiensRuntimeInfo(ref NativeRuntimeInfo native)
        {
            Path = Utf8.Read(native.path);
            Version = Utf8.Read(native.version);
            Providers = Utf8.Read(native.providers);
        }

        public string Path { get; private set; }

        public string Version { get; private set; }

        /// <summary>Execution providers compiled into it, separated by commas.</summary>
        public string Providers { get; private set; }
    }
}
