using System;
using System.Runtime.InteropServices;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>An affine map between pixels, whose centres are at integers.</summary>
    public struct SapiensAffine
    {
        public double Xx;
        public double Xy;
        public double X0;
        public double Yx;
        public double Yy;
        public double Y0;

        internal static unsafe SapiensAffine Of(double* m)
        {
            return new SapiensAffine { Xx = m[0], Xy = m[1], X0 = m[2], Yx = m[3], Yy = m[4], Y0 = m[5] };
        }

        public void Apply(double x, double y, out double toX, out double toY)
        {
            toX = Xx * x + Xy * y + X0;
            toY = Yx * x + Yy * y + Y0;
        }

        /// <summary>The way back; false if there is none.</summary>
        public bool TryInvert(out SapiensAffine inverse)
        {
            double determinant = Xx * Yy - Xy * Yx;
            inverse = new SapiensAffine { Xx = Yy / determinant, Xy = -Xy / determinant, Yx = -Yx / determinant, Yy = Xx / determinant };
            inverse.X0 = -(inverse.Xx * X0 + inverse.Xy * Y0);
            inverse.Y0 = -(inverse.Yx * X0 + inverse.Yy * Y0);
            return Math.Abs(determinant) > 1e-12;
        }
    }

    /// <summary>About a result as a whole.</summary>
    public struct SapiensResultInfo
    {
        internal unsafe SapiensResultInfo(ref NativeResultInfo native)
        {
            Status = (SapiensStatus)native.status;
            Frame = native.frame;
            TimestampNs = native.timestamp_ns;
            ImageWidth = (int)native.image_width;
            ImageHeight = (int)native.image_height;
            fixed (double* m = native.buffer_from_image)
            {
                BufferFromImage = SapiensAffine.Of(m);
            }
            PersonCount = (int)native.person_count;
            Tasks = (SapiensTask)native.tasks;
            DroppedBefore = (long)native.dropped_before;
            WaitMs = native.wait_ms;
            TotalMs = native.total_ms;
            TimingCount = (int)native.timing_count;
            DetectorRan = native.detector_ran != 0;
            ToDeviceBytes = (long)native.to_device_bytes;
            ToHostBytes = (long)native.to_host_bytes;
        }

        /// <summary>OK, or why there is nothing in it.</summary>
        public readonly SapiensStatus Status;

        /// <summary>Whether the detector looked at this frame.</summary>
        public readonly bool DetectorRan;

        public readonly ulong Frame;
        public readonly long TimestampNs;
        public readonly int ImageWidth;
        public readonly int ImageHeight;

        /// <summary>From upright pixels to those of the submitted buffer.</summary>
        public readonly SapiensAffine BufferFromImage;

        public readonly int PersonCount;

        /// <summary>What ran on this very frame; others in it are older.</summary>
        public readonly SapiensTask Tasks;

        public readonly long DroppedBefore;
        public readonly double WaitMs;
        public readonly double TotalMs;
        public readonly int TimingCount;

        /// <summary>Bytes given to the models of the tasks from the memory of the host; the detector's are not in it.</summary>
        public readonly long ToDeviceBytes;

        /// <summary>Bytes that they gave back, and those of a frame that had to be brought from a device.</summary>
        public readonly long ToHostBytes;
    }

    /// <summary>A person of a result.</summary>
    public struct SapiensPerson
    {
        internal SapiensPerson(ref NativePerson native)
        {
            Tasks = (SapiensTask)native.tasks;
            Box = native.bbox;
            Origin = (SapiensBoxOrigin)native.origin;
            State = (SapiensTrackState)native.state;
            Id = (long)native.id;
            Score = native.score;
            BoxIndex = native.box_index;
            AgeFrames = (int)native.age_frames;
            MissedFrames = (int)native.missed_frames;
            AgeNs = native.age_ns;
            UnseenNs = native.unseen_ns;
            Estimate = native.estimate;
            VelocityX = native.velocity_x;
            VelocityY = native.velocity_y;
            Sightings = (int)native.sightings;
            IsChosen = native.is_chosen != 0;
        }

        /// <summary>What this person has of its own.</summary>
        public SapiensTask Tasks;

        public SapiensBox Box;

        /// <summary>Where the box comes from.</summary>
        public SapiensBoxOrigin Origin;

        public SapiensTrackState State;

        /// <summary>The same from frame to frame, from 1; 0 if the stream does not track.</summary>
        public long Id;

        /// <summary>How sure the box is, 0 to 1; negative where nobody knows.</summary>
        public float Score;

        /// <summary>Which of the boxes of the submit it is; -1 if none.</summary>
        public int BoxIndex;

        /// <summary>Frames since the first sighting, this one included; 0 if the stream does not track, as all that follows.</summary>
        public int AgeFrames;

        /// <summary>Frames in a row in which this person was looked for and not found.</summary>
        public int MissedFrames;

        public long AgeNs;

        /// <summary>Since the last sighting.</summary>
        public long UnseenNs;

        /// <summary>The box as the motion model has it: calmer.</summary>
        public SapiensBox Estimate;

        /// <summary>Of the centre of the box, in pixels per second.</summary>
        public float VelocityX;

        /// <summary>See <see cref="VelocityX"/>.</summary>
        public float VelocityY;

        public int Sightings;

        /// <summary>The tasks look at this person.</summary>
        public bool IsChosen;
    }

    /// <summary>A keypoint in pixels of the upright image, x right, y down.</summary>
    [NativeTwin("SapiensKeypoint")]
    [StructLayout(LayoutKind.Sequential)]
    public struct SapiensKeypoint
    {
        public float X;
        public float Y;

        /// <summary>About 1 for a sure find, 0 for none. Not a probability.</summary>
        public float Score;
    }

    /// <summary>The pose of a person: a view into its result, valid until that is filled anew or disposed.</summary>
    public unsafe struct SapiensPose
    {
        private readonly SapiensResult owner;
        private readonly int filling;
        private readonly IntPtr keypoints;
        private readonly int stride;

        internal SapiensPose(SapiensResult owner, ref NativePose native)
        {
            this.owner = owner;
            filling = owner.Filling;
            keypoints = native.keypoints;
            stride = (int)native.stride;
            Count = (int)native.count;
            AgeFrames = (int)native.age_frames;
            Box = native.bbox;
            TimestampNs = native.timestamp_ns;
        }

        /// <summary>Number of keypoints; <see cref="SapiensSkeleton.KeypointsOf"/> names them.</summary>
        public readonly int Count;

        /// <summary>Frames since the one it was found in: 0 for this one.</summary>
        public readonly int AgeFrames;

        public readonly SapiensBox Box;
        public readonly long TimestampNs;

        public SapiensKeypoint this[int index]
        {
            get
            {
                SapiensMap.MustBeCurrent(owner, filling);
                if ((uint)index >= (uint)Count)
                {
                    throw new ArgumentOutOfRangeException("index", index, "index must be 0 to Count - 1");
                }
                SapiensKeypoint keypoint = *(SapiensKeypoint*)((byte*)keypoints + (long)index * stride);
                GC.KeepAlive(owner);
                return keypoint;
            }
        }

        /// <summary>Copies all keypoints.</summary>
        public void CopyTo(SapiensKeypoint[] destination)
        {
            if (destination == null)
            {
                throw new ArgumentNullException("destination");
            }
            if (destination.Length < Count)
            {
                throw new ArgumentException(string.Format("destination has room for {0} of {1} keypoints", destination.Length, Count),
                    "destination");
            }
            for (int i = 0; i < Count; i++)
            {
                destination[i] = this[i];
            }
        }
    }
}
