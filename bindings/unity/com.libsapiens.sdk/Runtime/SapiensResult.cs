using System;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>A reference to everything about one frame. The same object can be filled with one result after the other, which is how
    /// frames cost no garbage; views read before are then refused. Use it on one thread at a time; <see cref="Share"/> gives
    /// another thread a reference of its own. Results outlive their stream and context.</summary>
    public sealed unsafe class SapiensResult : IDisposable
    {
        /// <summary>In place of a person's index: the maps of the whole image.</summary>
        public const int Scene = -1;

        private readonly ResultHandle handle = new ResultHandle();

        /// <summary>An empty place for results.</summary>
        public SapiensResult()
        {
        }

        /// <summary>Whether there is no result in it.</summary>
        public bool IsEmpty
        {
            get { return handle.IsInvalid || handle.IsClosed; }
        }

        /// <summary>Grows with every filling: views know by it that they are out of date.</summary>
        internal int Filling { get; private set; }

        /// <summary>Takes over a reference.</summary>
        internal void Take(IntPtr result)
        {
            if (handle.IsClosed)
            {
                Native.sapiens_result_release(ref result);
                throw new ObjectDisposedException("SapiensResult");
            }
            Filling++;
            handle.Replace(result);
        }

        /// <summary>A reference of its own to the same result.</summary>
        public SapiensResult Share()
        {
            var other = new SapiensResult();
            other.Assign(this);
            return other;
        }

        /// <summary>Refers to the same result as another object from now on.</summary>
        public void Assign(SapiensResult other)
        {
            if (other == null)
            {
                throw new ArgumentNullException("other");
            }
            IntPtr result = other.Open().Pointer;
            Fault.Check(Native.sapiens_result_retain(result));
            Take(result);
        }

        /// <summary>Gives the reference back; the object can be filled again.</summary>
        public void Clear()
        {
            if (!handle.IsClosed)
            {
                Filling++;
                handle.Replace(IntPtr.Zero);
            }
        }

        /// <summary>Gives the reference back for good.</summary>
        public void Dispose()
        {
            Filling++;
            handle.Dispose();
        }

        /// <summary>The result as a whole. Look at Status first: a frame that failed has no persons and no maps.</summary>
        public SapiensResultInfo Info
        {
            get
            {
                NativeResultInfo native = NativeInfo();
                return new SapiensResultInfo(ref native);
            }
        }

        /// <summary>The fault in words; "" if there is none.</summary>
        public string Message
        {
            get { return Utf8.Read(NativeInfo().message); }
        }

        /// <summary>A person: box, tasks, and who it is if the stream tracks; `person` counts from 0.</summary>
        public SapiensPerson Person(int person)
        {
            var native = new NativePerson { struct_size = (uint)sizeof(NativePerson) };
            Fault.Check(Native.sapiens_result_person(Open(), Index(person, "person"), ref native));
            return new SapiensPerson(ref native);
        }

        /// <summary>The pose of a person. False: the pose task has not looked at this person yet.</summary>
        public bool TryGetPose(int person, out SapiensPose pose)
        {
            var native = new NativePose { struct_size = (uint)sizeof(NativePose) };
            bool isThere = Fault.Check(Native.sapiens_result_pose(Open(), Index(person, "person"), ref native));
            pose = isThere ? new SapiensPose(this, ref native) : default(SapiensPose);
            return isThere;
        }

        /// <summary>The pose of a person, steadied over time (<see cref="SapiensStreamOptions.Filter"/>). False: there is none.</summary>
        public bool TryGetFilteredPose(int person, out SapiensPose pose)
        {
            var native = new NativePose { struct_size = (uint)sizeof(NativePose) };
            bool isThere = Fault.Check(Native.sapiens_result_filtered_pose(Open(), Index(person, "person"), ref native));
            pose = isThere ? new SapiensPose(this, ref native) : default(SapiensPose);
            return isThere;
        }

        /// <summary>A dense map of a person or of <see cref="Scene"/>. False: there is none.</summary>
        public bool TryGetMap(int person, SapiensMapKind kind, out SapiensMap map)
        {
            var native = new NativeMap { struct_size = (uint)sizeof(NativeMap) };
            bool isThere = Fault.Check(Native.sapiens_result_map(Open(), person, (int)kind, ref native));
            map = isThere ? new SapiensMap(this, ref native) : default(SapiensMap);
            return isThere;
        }

        /// <summary>The same, steadied over time (<see cref="SapiensStreamOptions.MapFilter"/>). False: there is none.</summary>
        public bool TryGetFilteredMap(int person, SapiensMapKind kind, out SapiensMap map)
        {
            var native = new NativeMap { struct_size = (uint)sizeof(NativeMap) };
            bool isThere = Fault.Check(Native.sapiens_result_filtered_map(Open(), person, (int)kind, ref native));
            map = isThere ? new SapiensMap(this, ref native) : default(SapiensMap);
            return isThere;
        }

        /// <summary>Copies a map of a person or of <see cref="Scene"/> into memory of the host or of a CUDA device. False: there is no such
        /// map.</summary>
        public bool TryCopyMap(int person, SapiensMapKind kind, SapiensMapTarget target)
        {
            var native = new NativeMapTarget
            {
                struct_size = (uint)sizeof(NativeMapTarget), memory = (int)target.Memory, filtered = target.Filtered ? 1u : 0u,
                data = target.Data, row_stride = target.RowStride, size = target.Size, stream = target.Stream, @event = target.Event,
            };
            return Fault.Check(Native.sapiens_result_copy_map(Open(), person, (int)kind, ref native));
        }

        /// <summary>How the pointmap of a person or of <see cref="Scene"/> goes with the one before. False: nobody compares them.</summary>
        public bool TryGetPointsCheck(int person, out SapiensPointsCheck check)
        {
            var native = new NativePointsCheck { struct_size = (uint)sizeof(NativePointsCheck) };
            bool isThere = Fault.Check(Native.sapiens_result_points_check(Open(), person, ref native));
            check = isThere ? new SapiensPointsCheck(ref native) : default(SapiensPointsCheck);
            return isThere;
        }

        /// <summary>The map of a person or, where it has none of its own, that of the whole image.</summary>
        public bool TryGetMapOrScene(int person, SapiensMapKind kind, out SapiensMap map)
        {
            if (kind == SapiensMapKind.Image)
            {
                person = Scene; // no person has one
            }
            return TryGetMap(person, kind, out map) || person != Scene && TryGetMap(Scene, kind, out map);
        }

        /// <summary>Name and time of a stage of the work; there are Info.TimingCount.</summary>
        public double Timing(int index, out string stage)
        {
            IntPtr name;
            double ms;
            Fault.Check(Native.sapiens_result_timing(Open(), Index(index, "index"), out name, out ms));
            stage = Utf8.Read(name);
            return ms;
        }

        /// <summary>The result as a JSON text.</summary>
        public string ToJson()
        {
            IntPtr json;
            ulong length;
            Fault.Check(Native.sapiens_result_json(Open(), out json, out length));
            return Utf8.Read(json);
        }

        /// <summary>Writes the JSON text to a file, whole or not at all.</summary>
        public void WriteJson(string path)
        {
            fixed (byte* text = Path(path))
            {
                Fault.Check(Native.sapiens_result_write_json(Open(), text));
            }
        }

        /// <summary>Writes a map as a PNG file to look at. False: there is no such map.</summary>
        public bool WriteMapPng(int person, SapiensMapKind kind, string path)
        {
            fixed (byte* text = Path(path))
            {
                return Fault.Check(Native.sapiens_result_write_map_png(Open(), person, (int)kind, text));
            }
        }

        /// <summary>Writes the skeletons of all persons as a PNG file.</summary>
        public void WriteSkeletonPng(string path)
        {
            fixed (byte* text = Path(path))
            {
                Fault.Check(Native.sapiens_result_write_skeleton_png(Open(), text));
            }
        }

        private NativeResultInfo NativeInfo()
        {
            var native = new NativeResultInfo { struct_size = (uint)sizeof(NativeResultInfo) };
            Fault.Check(Native.sapiens_result_info(Open(), ref native));
            return native;
        }

        private ResultHandle Open()
        {
            if (handle.IsClosed)
            {
                throw new ObjectDisposedException("SapiensResult");
            }
            if (handle.IsInvalid)
            {
                throw new InvalidOperationException("this SapiensResult is empty: nothing has been polled or assigned into it");
            }
            return handle;
        }

        private static uint Index(int value, string name)
        {
            if (value < 0)
            {
                throw new ArgumentOutOfRangeException(name, value, name + " counts from 0");
            }
            return (uint)value;
        }

        private static byte[] Path(string path)
        {
            if (path == null)
            {
                throw new ArgumentNullException("path");
            }
            return Utf8.Bytes(path, "path");
        }
    }
}
