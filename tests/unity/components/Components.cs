// The components on Mono, with a stand-in for the engine (tests/unity/engine, which is not Unity) and the real library.
using System;
using System.Reflection;
using System.Threading;
using Sapiens;
using Sapiens.Unity;
using UnityEngine;
using UnityEngine.LowLevel;

internal static class Components
{
    private const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;

    private static int Main()
    {
        try
        {
            Driver();
            Frames();
            Console.WriteLine("ok");
            return 0;
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine(exception);
            return 1;
        }
    }

    private static Action Message(object component, string name)
    {
        return (Action)Delegate.CreateDelegate(typeof(Action), component, component.GetType().GetMethod(name, Private));
    }

    private static T Field<T>(object component, string name)
    {
        return (T)component.GetType().GetField(name, Private).GetValue(component);
    }

    private static void Set(object component, string name, object value)
    {
        component.GetType().GetField(name, Private).SetValue(component, value);
    }

    private static void Must(bool holds, string what)
    {
        if (!holds)
        {
            throw new Exception(what + " does not hold");
        }
    }

    /// <summary>A character that stands with its arms out must take a pose of known directions, whichever way it stood before.</summary>
    private static void Driver()
    {
        var animator = new Animator();
        Transform hips = Bone(animator, HumanBodyBones.Hips, null, 0, 1, 0);
        // Facing +z, a character's left is -x.
        foreach (string side in new[] { "Left", "Right" })
        {
            float s = side == "Left" ? -1 : 1;
            Transform arm = Bone(animator, side, "UpperArm", hips, s * 0.2f, 1.5f, 0);
            Transform lower = Bone(animator, side, "LowerArm", arm, s * 0.5f, 1.5f, 0);
            Bone(animator, side, "Hand", lower, s * 0.8f, 1.5f, 0);
            Transform leg = Bone(animator, side, "UpperLeg", hips, s * 0.1f, 1, 0);
            Transform shin = Bone(animator, side, "LowerLeg", leg, s * 0.1f, 0.5f, 0);
            Bone(animator, side, "Foot", shin, s * 0.1f, 0.05f, 0);
        }
        var driver = new SapiensPoseDriver { transform = new Transform(), Neighbour = animator, enabled = true };
        Set(driver, "response", 1f);
        Message(driver, "OnEnable")();
        Must(driver.Unresolved.Count == 0, "every rule finds its bones and keypoints; " + string.Join(", ", driver.Unresolved));

        // A person 2.5 m away who faces the camera: their left is +x. The left lower arm points at the camera, the right arm up.
        Seen(driver, "left", "shoulder", 0.2f, 0.4f, 2.5f);
        Seen(driver, "right", "shoulder", -0.2f, 0.4f, 2.5f);
        Seen(driver, "left", "elbow", 0.25f, 0.1f, 2.5f);
        Seen(driver, "left", "wrist", 0.25f, 0.1f, 2.2f);
        Seen(driver, "right", "elbow", -0.2f, 0.7f, 2.5f);
        Seen(driver, "right", "wrist", -0.2f, 1f, 2.5f);
        Seen(driver, "left", "hip", 0.1f, -0.1f, 2.5f);
        Seen(driver, "right", "hip", -0.1f, -0.1f, 2.5f);
        Seen(driver, "left", "knee", 0.1f, -0.5f, 2.3f);
        Set(driver, "isDriven", true);
        Action lateUpdate = Message(driver, "LateUpdate");
        for (int frame = 0; frame < 3; frame++)
        {
            lateUpdate();
            Along(hips.forward, Vector3.back, "the trunk faces the camera");
            Along(Between(animator, "LeftUpperArm", "LeftLowerArm"), new Vector3(0.05f, -0.3f, 0), "the left upper arm");
            Along(Between(animator, "LeftLowerArm", "LeftHand"), Vector3.back, "the left lower arm");
            Along(Between(animator, "RightUpperArm", "RightLowerArm"), Vector3.up, "the right upper arm");
            Along(Between(animator, "RightLowerArm", "RightHand"), Vector3.up, "the right lower arm");
            Along(Between(animator, "LeftUpperLeg", "LeftLowerLeg"), new Vector3(0, -0.4f, -0.2f), "the left thigh");
            Along(Between(animator, "RightUpperLeg", "RightLowerLeg"), Vector3.down, "the right thigh, which nobody sees");
        }
        long before = Allocated();
        lateUpdate();
        Must(Allocated() == before, "the driver allocates nothing");
    }

    private static Transform Bone(Animator animator, string side, string name, Transform parent, float x, float y, float z)
    {
        return Bone(animator, (HumanBodyBones)Enum.Parse(typeof(HumanBodyBones), side + name), parent, x, y, z);
    }

    private static Transform Bone(Animator animator, HumanBodyBones bone, Transform parent, float x, float y, float z)
    {
        var transform = new Transform { localPosition = new Vector3(x, y, z) };
        transform.SetParent(parent, true);
        animator.Bones[bone] = transform;
        return transform;
    }

    private static void Seen(SapiensPoseDriver driver, string side, string word, float x, float y, float z)
    {
        int index = SapiensSkeleton.Find(SapiensKeypointGroup.Body, side, word);
        Field<Vector3[]>(driver, "points")[index] = new Vector3(x, y, z);
        Field<bool[]>(driver, "isSeen")[index] = true;
    }

    private static Vector3 Between(Animator animator, string from, string to)
    {
        return animator.Bones[(HumanBodyBones)Enum.Parse(typeof(HumanBodyBones), to)].position -
            animator.Bones[(HumanBodyBones)Enum.Parse(typeof(HumanBodyBones), from)].position;
    }

    private static void Along(Vector3 found, Vector3 expected, string what)
    {
        Must((found.normalized - expected.normalized).magnitude < 1e-3f, what + ": expected " + expected.normalized + ", found " + found.normalized + ";");
    }

    /// <summary>Camera, four map textures and driver through frames of the player loop: results come, and no garbage.</summary>
    private static void Frames()
    {
        typeof(SapiensLoop).GetMethod("Begin", BindingFlags.Static | BindingFlags.NonPublic).Invoke(null, null);
        PlayerLoopSystem[] systems = PlayerLoop.GetCurrentPlayerLoop().subSystemList[0].subSystemList;
        Must(systems.Length == 1, "one entry in the player loop");
        PlayerLoopSystem.UpdateFunction tick = systems[0].updateDelegate;

        var camera = new SapiensCamera { enabled = true };
        camera.Configure(SapiensSource.Texture, new Texture { width = 96, height = 128 }, true);
        int results = 0;
        camera.ResultReceived += (from, result) => results++;
        Action update = Message(camera, "Update");
        var maps = new SapiensMapTexture[5];
        var kinds = new[] { SapiensMapKind.Normals, SapiensMapKind.Labels, SapiensMapKind.Albedo, SapiensMapKind.Alpha, SapiensMapKind.Image };
        for (int i = 0; i < maps.Length; i++)
        {
            maps[i] = new SapiensMapTexture { enabled = true };
            maps[i].Show(camera, kinds[i], null, "_MainTex");
        }
        Message(camera, "OnEnable")();
        Func<int, bool> frames = count =>
        {
            DateTime end = DateTime.UtcNow.AddMinutes(10);
            while (results < count && camera.State != SapiensState.Failed && DateTime.UtcNow < end)
            {
                update();
                tick();
                Thread.Sleep(1);
            }
            return results >= count;
        };
        Must(frames(3), "three results; state " + camera.State + ", " + Debug.LastException + ";");
        foreach (SapiensMapTexture map in maps)
        {
            Must(map.Texture != null && map.Texture.width > 0, "a texture for every map");
        }
        Must(maps[0].Palette.width == SapiensSkeleton.Classes.Count, "a palette");
        const int measured = 20;
        DateTime patience = DateTime.UtcNow.AddMinutes(10);
        long before = Allocated();
        while (results < 3 + measured && DateTime.UtcNow < patience)
        {
            update();
            tick();
            Thread.Sleep(1);
        }
        long bytes = Allocated() - before;
        Console.WriteLine("components: {0} bytes in {1} frames", bytes, measured);
        Must(results >= 3 + measured && bytes == 0, "frames of the components cost no garbage");
        Message(camera, "OnDisable")();
        Must(camera.State == SapiensState.Stopped && camera.Context == null, "it stops");
        // Play mode ends while it runs.
        Message(camera, "OnEnable")();
        results = 0;
        Must(frames(1), "it begins again");
        SapiensLoop.End();
        Must(PlayerLoop.GetCurrentPlayerLoop().subSystemList[0].subSystemList.Length == 0, "no entry in the player loop after the end");
        Message(camera, "OnDisable")();
        Message(camera, "OnDestroy")();
    }

    private static readonly Func<long> Allocated = (Func<long>)Delegate.CreateDelegate(typeof(Func<long>),
        typeof(GC).GetMethod("GetAllocatedBytesForCurrentThread", BindingFlags.Public | BindingFlags.Static));
}
